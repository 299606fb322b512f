import type { Script } from './script.js';

const first = { name: 'first', pattern: /"revision":(\d+)/ };

/** Watches: first what has happened, then what happens. */
export const watchScripts: readonly Script[] = [
  {
    name: 'watching one key',
    steps: [
      { run: 'put {P}/a 1 -w json', capture: first },
      'put {P}/b elsewhere',
      'put {P}/a 2',
      {
        run: 'watch {P}/a --rev={first}',
        background: { first: 6, meanwhile: ['put {P}/a 3', 'put {P}/c 1', 'del {P}/a'], lines: 11 },
      },
    ],
  },
  {
    name: 'watching a prefix with previous values',
    steps: [
      { run: 'put {P}/a 1 -w json', capture: first },
      'put {P}/b 1',
      'put {P}/a 2',
      'del {P}/b',
      {
        run: 'watch {P}/ --prefix --prev-kv --rev={first}',
        background: {
          first: 16,
          meanwhile: ['put {P}/a 3', 'del {P}/ --prefix', 'put {P}/a 4'],
          lines: 29,
        },
      },
    ],
  },
  {
    name: 'watching a range as JSON',
    steps: [
      { run: 'put {P}/a 1 -w json', capture: first },
      'put {P}/b 1',
      {
        run: 'watch {P}/a {P}/c --rev={first} -w json',
        background: { first: 1, meanwhile: ['put {P}/b 2', 'put {P}/c 1', 'del {P}/a'], lines: 3 },
      },
    ],
  },
  {
    name: 'watching from a future revision',
    steps: [
      { run: 'put {P}/a 1 -w json', capture: first },
      {
        run: 'watch {P}/ --prefix --rev={first} -w fields',
        background: { first: 10, meanwhile: ['put {P}/a 2'], lines: 20 },
      },
    ],
  },
];
