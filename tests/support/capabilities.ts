/** A machine that can record, and lacks what it does not need. */
import type { Feature } from '../../src/model/checks/feature.js';

export function sampleCapabilities(): Feature[] {
  return [
    {
      id: 'kernel',
      title: 'kernel 5.10 or later',
      available: true,
      required: true,
      evidence: '6.12.0',
      remedy: '',
    },
    {
      id: 'docker',
      title: 'Docker engine',
      available: false,
      required: false,
      evidence:
        'no engine answers (default socket unix:///var/run/docker.sock: there is no such socket; private engine unix:///run/dit/engine/docker.sock: nobody listens there)',
      remedy: 'start Docker, or let dit start its own: dit engine start',
    },
    {
      id: 'addon',
      title: 'native addon',
      available: true,
      required: true,
      evidence: 'loads, libbpf v1.1',
      remedy: '',
    },
  ];
}
