/** What `npm run lint` checks beside biome's rules: exits with 1 where something is found. */
import { relative } from 'node:path';
import ts from 'typescript';
import { allChildProcessFaults } from './child-process.js';
import { allFileAccessFaults } from './file-access.js';
import { foreignTextProblems } from './foreign-text.js';
import { functionLengthProblems } from './function-length.js';
import { documentProblems, styleProblems } from './style.js';

const root = process.cwd();
const parse = (config: string): ts.ParsedCommandLine =>
  ts.getParsedCommandLineOfConfigFile(
    config,
    { noEmit: true },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(String(diagnostic.messageText));
      },
    },
  ) as ts.ParsedCommandLine;

let found = 0;
const checked = new Map<string, ts.SourceFile>();
for (const config of ['tsconfig.json', 'src/page/tsconfig.json']) {
  const { fileNames, options } = parse(config);
  const program = ts.createProgram(fileNames, options);
  for (const source of program.getSourceFiles()) {
    const path = relative(root, source.fileName);
    if (!path.startsWith('src/') || checked.has(path)) continue;
    checked.set(path, source);
    const problems = [
      ...foreignTextProblems(program, source, path),
      ...styleProblems(source, path),
    ];
    for (const { line, message } of problems) {
      found++;
      process.stdout.write(`${path}:${line} ${message}\n`);
    }
  }
}
for (const { path, line, message } of [
  ...functionLengthProblems(checked),
  ...documentProblems(root),
]) {
  found++;
  process.stdout.write(`${path}:${line} ${message}\n`);
}
for (const fault of [...allFileAccessFaults(), ...allChildProcessFaults()]) {
  found++;
  process.stdout.write(`src/${fault}\n`);
}
if (found > 0) process.exitCode = 1;
