import type { Script } from './script.js';

/** Members and maintenance, as far as they leave the cluster as it was. Member 0's id is captured where it is needed. */
export const clusterScripts: readonly Script[] = [
  {
    name: 'members',
    steps: [
      'member list',
      'member list -w json',
      'member list -w fields',
      'member list -w table',
      { run: 'member list', capture: { name: 'member', pattern: /^(\w+), started, m0,/m } },
      { run: 'member list', capture: { name: 'peer', pattern: /m1, http:\/\/([\d.:]+),/ } },
      'member remove 12345',
      'member update 12345 --peer-urls=http://127.0.0.1:1',
      'member add m9 --peer-urls=http://{peer}',
      'member add m9',
      'member promote 12345',
      'member promote {member}',
      'member list',
    ],
  },
  {
    name: 'maintenance',
    steps: [
      'endpoint health',
      'endpoint health -w json',
      'endpoint status',
      'endpoint status -w json',
      'endpoint status -w fields',
      'endpoint status -w table',
      'endpoint hashkv',
      'endpoint hashkv -w json',
      'endpoint hashkv -w fields',
      'alarm list',
      'alarm disarm',
      'defrag',
      'move-leader',
      'version',
    ],
  },
];
