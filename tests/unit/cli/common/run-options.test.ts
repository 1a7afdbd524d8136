import { describe, expect, it } from 'vitest';
import { createOptions, type TraceRunOptions } from '../../../../src/cli/common/run-options.js';

const NONE: TraceRunOptions = {
  source: 'auto',
  engine: 'auto',
  until: 'removed',
  ringMb: 64,
  env: [],
  label: [],
  volume: [],
  tmpfs: [],
  capAdd: [],
  capDrop: [],
  securityOpt: [],
};

describe('what the engine is asked for', () => {
  it('leaves to the engine and the image what was not given', () => {
    expect(createOptions('alpine', [], NONE, {})).toEqual({
      Image: 'alpine',
      Env: [],
      Labels: {},
      HostConfig: {
        Binds: [],
        Tmpfs: {},
        CapAdd: [],
        CapDrop: [],
        SecurityOpt: [],
        Privileged: false,
        ReadonlyRootfs: false,
      },
    });
  });

  it('has every option', () => {
    const options: TraceRunOptions = {
      ...NONE,
      name: 'n',
      network: 'none',
      entrypoint: '',
      runtime: 'crun',
      platform: 'linux/arm64',
      user: '1:2',
      workdir: '/w',
      env: ['A=1=2', 'HERE', 'ABSENT'],
      label: ['a=b=c', 'bare'],
      volume: ['/a:/b:ro'],
      tmpfs: ['/t:size=1m', '/u'],
      capAdd: ['NET_ADMIN'],
      capDrop: ['ALL'],
      securityOpt: ['no-new-privileges'],
      memory: 64,
      cpus: 0.5,
      pidsLimit: 10,
      init: true,
      privileged: true,
      readOnly: true,
    };
    expect(createOptions('alpine', ['sh', '-c', 'x'], options, { HERE: 'yes' })).toEqual({
      Image: 'alpine',
      Cmd: ['sh', '-c', 'x'],
      name: 'n',
      platform: 'linux/arm64',
      User: '1:2',
      WorkingDir: '/w',
      Entrypoint: [''],
      Env: ['A=1=2', 'HERE=yes'],
      Labels: { a: 'b=c', bare: '' },
      HostConfig: {
        Binds: ['/a:/b:ro'],
        Tmpfs: { '/t': 'size=1m', '/u': '' },
        CapAdd: ['NET_ADMIN'],
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: true,
        ReadonlyRootfs: true,
        NetworkMode: 'none',
        Runtime: 'crun',
        Memory: 64,
        NanoCpus: 500_000_000,
        PidsLimit: 10,
        Init: true,
      },
    });
  });
});
