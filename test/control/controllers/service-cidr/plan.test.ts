import t from 'tap';
import type { ServiceCIDR } from '../../../../src/control/api/gen/networking-v1.js';
import { planServiceCidr } from '../../../../src/control/controllers/service-cidr/plan.js';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };

function cidr(
  name: string,
  cidrs: string[],
  metadata: ServiceCIDR['metadata'] = {},
  status?: string,
): ServiceCIDR {
  return {
    metadata: { name, ...metadata },
    spec: { cidrs },
    status: status === undefined ? {} : { conditions: [{ type: 'Ready', status }] },
  };
}

const kept = { finalizers: ['x', finalizer] };
const net = ['10.0.0.0/24', 'fd00::/112'];
const cases: readonly [
  title: string,
  subject: ServiceCIDR,
  others: ServiceCIDR[],
  addresses: string[],
  seen: string,
][] = [
  ['new', cidr('a', net), [], [], `finalizers ${finalizer}`],
  ['with its finalizer', cidr('a', net, kept), [], [], 'condition True'],
  ['ready', cidr('a', net, kept, 'True'), [], [], 'nothing'],
  [
    'going and needed',
    cidr('a', net, { ...kept, ...going }, 'True'),
    [],
    ['10.0.0.5'],
    'condition False',
  ],
  [
    'going and needed by IPv6',
    cidr('a', net, { ...kept, ...going }),
    [],
    ['fd00::5'],
    'condition False',
  ],
  [
    'going, needed and said',
    cidr('a', net, { ...kept, ...going }, 'False'),
    [],
    ['10.0.0.5'],
    'nothing',
  ],
  [
    'going, addresses of others',
    cidr('a', net, { ...kept, ...going }),
    [],
    ['10.0.1.5'],
    'finalizers x',
  ],
  [
    'going, another has it',
    cidr('a', net, { ...kept, ...going }),
    [cidr('b', ['10.0.0.0/16'])],
    ['10.0.0.5'],
    'finalizers x',
  ],
  [
    'going, another that goes too',
    cidr('a', net, { ...kept, ...going }),
    [cidr('b', ['10.0.0.0/16'], going)],
    ['10.0.0.5'],
    'condition False',
  ],
  [
    'going without the finalizer',
    cidr('a', net, { finalizers: ['x'], ...going }),
    [],
    ['10.0.0.5'],
    'nothing',
  ],
];
for (const [title, subject, others, addresses, seen] of cases) {
  t.test(`planServiceCidr of one that is ${title}: ${seen}`, (t) => {
    const ips = addresses.map((name) => ({ metadata: { name } }));
    const action = planServiceCidr(subject, [subject, ...others], ips);
    const text =
      action.kind === 'finalizers'
        ? `finalizers ${action.finalizers.join()}`
        : action.kind === 'condition'
          ? `condition ${action.condition.status}`
          : action.kind;
    t.equal(text, seen);
    t.end();
  });
}
