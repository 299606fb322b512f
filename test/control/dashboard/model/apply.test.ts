import t from 'tap';
import { applyTargets } from '../../../../src/control/dashboard/model/apply-targets.js';
import {
  endOfInputMessage,
  inputMessage,
  readExecMessage,
  tokenProtocol,
} from '../../../../src/control/dashboard/model/exec-channels.js';
import { containerUsages, nodeUsages } from '../../../../src/control/dashboard/model/usage.js';

const served = { verbs: ['list'], subresources: [] };
const kinds = [
  { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', isNamespaced: true },
  { group: '', version: 'v1', resource: 'nodes', kind: 'Node', isNamespaced: false },
].map((each) => ({ ...each, ...served }));

const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
const cases: readonly {
  readonly title: string;
  readonly document: unknown;
  readonly namespace?: string;
  readonly expected: readonly (readonly [title: string, namespace: string, problem: string])[];
}[] = [
  {
    title: 'what names no namespace goes to default',
    document: web,
    expected: [['Deployment default/web', 'default', '']],
  },
  {
    title: 'or to the chosen namespace',
    document: web,
    namespace: 'shop',
    expected: [['Deployment shop/web', 'shop', '']],
  },
  {
    title: 'a namespace of its own counts before',
    document: { ...web, metadata: { name: 'web', namespace: 'own' } },
    namespace: 'shop',
    expected: [['Deployment own/web', 'own', '']],
  },
  {
    title: 'lists are taken apart',
    document: {
      ...{ apiVersion: 'v1', kind: 'List' },
      items: [web, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }],
    },
    expected: [
      ['Deployment default/web', 'default', ''],
      ['Node n', '', ''],
    ],
  },
  {
    title: 'a kind that is not served',
    document: { ...web, kind: 'Sail' },
    expected: [['Sail web', 'nowhere', 'Sail of apps/v1 is not served']],
  },
  {
    title: 'no name',
    document: { ...web, metadata: {} },
    expected: [['Deployment default/', 'nowhere', 'metadata.name is missing']],
  },
  {
    title: 'no object',
    document: 'text',
    expected: [['', 'nowhere', 'apiVersion and kind are missing']],
  },
  { title: 'an empty document is none', document: null, expected: [] },
];
for (const { title, document, namespace = '', expected } of cases) {
  t.test(`applyTargets: ${title}`, async (t) => {
    const found = applyTargets([document], { kinds, namespace });
    t.same(
      found.map((each) => [each.title, each.target?.namespace ?? 'nowhere', each.problem]),
      expected,
    );
  });
}

t.test('nodeUsages and containerUsages read the metrics API', async (t) => {
  const items = [
    { metadata: { name: 'b' }, usage: { cpu: '1500m', memory: '2Gi' } },
    { metadata: { name: 'a' }, usage: { cpu: '12345678n', memory: '100Ki' } },
    { metadata: { name: 'c' }, usage: { cpu: 'much', memory: '7' } },
  ];
  t.same(nodeUsages({ items }), [
    { name: 'a', cpuMillis: 12, memoryBytes: 102_400 },
    { name: 'b', cpuMillis: 1500, memoryBytes: 2 ** 31 },
    { name: 'c', cpuMillis: 0, memoryBytes: 7 },
  ]);
  t.same(containerUsages({ containers: [{ name: 'web', usage: { cpu: '2', memory: '1M' } }] }), [
    { name: 'web', cpuMillis: 2000, memoryBytes: 1_000_000 },
  ]);
  t.same(nodeUsages({}), []);
});

t.test('readExecMessage tells output from the end, and says nothing of the rest', async (t) => {
  const message = (channel: number, text: string) =>
    new Uint8Array([channel, ...new TextEncoder().encode(text)]);
  t.same(readExecMessage(message(1, 'out')), { kind: 'output', bytes: message(1, 'out').slice(1) });
  t.same(readExecMessage(message(2, 'no')), { kind: 'output', bytes: message(2, 'no').slice(1) });
  t.same(readExecMessage(message(3, '{"status":"Success"}')), { kind: 'end', problem: '' });
  const failure = '{"status":"Failure","message":"command terminated with exit code 7"}';
  t.same(readExecMessage(message(3, failure)), {
    ...{ kind: 'end', problem: 'command terminated with exit code 7' },
  });
  t.same(readExecMessage(message(3, 'words')), { kind: 'end', problem: 'words' });
  for (const silent of [message(1, ''), message(255, '\u0001'), new Uint8Array()])
    t.equal(readExecMessage(silent), null);
  t.same([...inputMessage('a\n')], [0, 97, 10]);
  t.same([...endOfInputMessage()], [255, 0]);
});

t.test('tokenProtocol has nothing that a header may not have', async (t) => {
  const protocol = tokenProtocol('??>>~~ü');
  t.match(protocol, /^base64url\.bearer\.authorization\.k8s\.io\.[\w-]+$/);
  const encoded = protocol.replace(/^.*\./, '');
  t.equal(Buffer.from(encoded, 'base64url').toString(), '??>>~~ü');
});
