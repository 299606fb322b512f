import type { Script } from './script.js';

const lease = { name: 'lease', pattern: /lease (\w+) granted/ };

/** Leases, and the recipes that stand on them. */
export const leaseScripts: readonly Script[] = [
  {
    name: 'leases',
    steps: [
      { run: 'lease grant 600', capture: lease },
      'lease grant 600 -w json',
      'put {P}/a 1 --lease={lease}',
      'put {P}/b 2 --lease={lease}',
      'lease timetolive {lease}',
      'lease timetolive {lease} --keys',
      'lease timetolive {lease} --keys -w json',
      'lease timetolive {lease} --keys -w fields',
      'lease keep-alive --once {lease}',
      'lease keep-alive --once {lease} -w json',
      'put {P}/b 3',
      'lease timetolive {lease} --keys',
      'lease revoke {lease}',
      'get {P}/ --prefix',
      'lease timetolive {lease}',
      'lease timetolive {lease} -w json',
      'lease keep-alive --once {lease}',
      'lease revoke {lease}',
      'put {P}/a 1 --lease={lease}',
    ],
  },
  {
    name: 'leases that are refused',
    steps: [
      'lease revoke 123456',
      'lease timetolive 123456',
      'lease keep-alive --once 123456',
      'lease grant 9000000001',
      'lease grant soon',
      'lease revoke nonsense',
      'lease grant',
      'put {P}/a 1 --lease=123456',
    ],
  },
  {
    name: 'keys of a lease go together when it expires',
    steps: [
      // Long enough for the commands that follow.
      { run: 'lease grant 6', capture: lease },
      'put {P}/b 1 --lease={lease}',
      {
        run: 'put {P}/a 1 --lease={lease} -w json',
        capture: { name: 'first', pattern: /"revision":(\d+)/ },
      },
      {
        run: 'watch {P}/ --prefix --rev={first} -w json',
        background: { first: 1, meanwhile: [], lines: 2 },
      },
      'get {P}/ --prefix -w json',
    ],
  },
  {
    name: 'locks',
    steps: [
      'lock {P}/lock echo held',
      "lock {P}/lock -- sh -c 'echo rev $ETCD_LOCK_REV'",
      "lock {P}/lock -- sh -c 'exit 3'",
      'get {P}/lock --prefix',
      {
        run: 'lock {P}/lock',
        background: { first: 1, meanwhile: ['get {P}/lock --prefix --keys-only'], lines: 1 },
      },
      { run: 'get {P}/lock --prefix -w json', eventually: /"revision":\d+[^k]*$/ },
    ],
  },
  {
    name: 'elections',
    steps: [
      {
        run: 'elect {P}/office me',
        background: {
          first: 2,
          meanwhile: ['get {P}/office --prefix --print-value-only'],
          lines: 2,
        },
      },
      { run: 'get {P}/office --prefix -w json', eventually: /"revision":\d+[^k]*$/ },
    ],
  },
];
