/** A container's root as the kernel mounted it: its overlay's layers, from the text of /proc/PID/mountinfo. */
import { dirname, isAbsolute, join } from 'node:path';
import { mountInfoLines, unescapeOctal } from '../../platform/mounts.js';

export interface OverlayMount {
  /** Topmost first, as files are looked for. Paths are those of the engine's mount namespace. */
  readonly lower: readonly string[];
  /** '' where the root is mounted without one, read-only. */
  readonly upper: string;
  readonly work: string;
  /** All others, as the kernel prints them: "index=off", "metacopy=on", "userxattr". */
  readonly options: readonly string[];
  /** The kernel's line. */
  readonly line: string;
}

export interface RootMount {
  /** "overlay", "ext4", "btrfs" … */
  readonly type: string;
  readonly overlay: OverlayMount | undefined;
}

/** Of several mounts on "/", the last hides the others. undefined: the text holds none. */
export function rootMount(mountInfo: string): RootMount | undefined {
  const root = mountInfoLines(mountInfo).findLast(({ target }) => target === '/');
  if (root === undefined) return undefined;
  const { type, superOptions, line } = root;
  return { type, overlay: type === 'overlay' ? overlayOf(superOptions, line) : undefined };
}

function overlayOf(superOptions: string, line: string): OverlayMount {
  const lower: string[] = [];
  const options: string[] = [];
  let upper = '';
  let work = '';
  for (const option of superOptions.split(',')) {
    const equals = option.indexOf('=');
    const value = unescapeOctal(option.slice(equals + 1));
    switch (equals < 0 ? option : option.slice(0, equals)) {
      case 'lowerdir':
        lower.push(...splitLayers(value));
        break;
      // Since Linux 6.5 layers may be given, and are shown, one by one.
      case 'lowerdir+':
      case 'datadir+':
        lower.push(value);
        break;
      case 'upperdir':
        upper = value;
        break;
      case 'workdir':
        work = value;
        break;
      default:
        options.push(option);
    }
  }
  // Engines with many layers mount with paths relative to the folder of all layers, to fit into one page.
  const layers = dirname(dirname(upper));
  const absolute = (path: string): string =>
    path === '' || isAbsolute(path) || !isAbsolute(layers) ? path : join(layers, path);
  return { lower: lower.map(absolute), upper, work: absolute(work), options, line };
}

/** Colons part the layers, two separate those that hold only data; a colon in a name has a backslash before it. */
function splitLayers(text: string): string[] {
  return [...text.matchAll(/(?:[^:\\]|\\.)+/g)].map(([layer]) => layer.replace(/\\(.)/g, '$1'));
}
