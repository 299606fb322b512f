import t from 'tap';
import { negotiateOutput } from '../../../../src/control/apiserver/negotiation/output-format.js';
import { wantsPretty } from '../../../../src/control/apiserver/negotiation/pretty.js';
import { isKnownTransform } from '../../../../src/control/apiserver/negotiation/transform.js';

const choices = {
  serializations: ['json', 'yaml', 'protobuf'],
  allowsTransform: isKnownTransform,
} as const;

for (const [accept, serialization, as] of [
  [undefined, 'json', null],
  ['', 'json', null],
  ['*/*', 'json', null],
  ['application/*', 'json', null],
  ['application/json, */*', 'json', null],
  ['application/yaml', 'yaml', null],
  ['application/vnd.kubernetes.protobuf,application/json', 'protobuf', null],
  ['application/json;q=0.5,application/yaml', 'yaml', null],
  ['text/html,application/xml;q=0.9,*/*;q=0.8', 'json', null],
  ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'json', 'v1 Table'],
  [
    'application/json;as=Table;v=v9;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io',
    'json',
    'v1beta1 Table',
  ],
  ['application/json;as=Chair;v=v1;g=meta.k8s.io,application/json', 'json', null],
  [
    'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    'protobuf',
    'v1 PartialObjectMetadataList',
  ],
] as const) {
  t.test(`negotiateOutput understands ${accept}`, async (t) => {
    const format = negotiateOutput(accept, choices);
    t.equal(format.serialization, serialization);
    t.equal(format.as === null ? null : `${format.as.version} ${format.as.kind}`, as);
  });
}

for (const accept of [
  'text/html',
  'application/json;as=Chair;v=v1;g=meta.k8s.io',
  'application/json;q=0',
]) {
  t.test(`negotiateOutput has nothing for ${accept}`, async (t) => {
    t.throws(() => negotiateOutput(accept, choices), {
      message:
        'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      status: { code: 406, reason: 'NotAcceptable' },
    });
  });
}

for (const [query, agent, expected] of [
  ['', 'kubectl/v1.30', false],
  ['', 'curl/8.0', true],
  ['', 'Mozilla/5.0 (X11)', true],
  ['pretty=false', 'curl/8.0', false],
  ['pretty=true', 'kubectl/v1.30', true],
  ['pretty=1', '', true],
  ['pretty=nonsense', 'curl/8.0', false],
] as const) {
  t.test(`wantsPretty is ${expected} for '${query}' of ${agent}`, async (t) => {
    t.equal(wantsPretty(new URLSearchParams(query), agent), expected);
  });
}
