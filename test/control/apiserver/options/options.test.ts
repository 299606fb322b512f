import t from 'tap';
import {
  decodeContinueToken,
  encodeContinueToken,
} from '../../../../src/control/apiserver/options/continue-token.js';
import { parseDeleteOptions } from '../../../../src/control/apiserver/options/delete-options.js';
import { parseListOptions } from '../../../../src/control/apiserver/options/list-options.js';
import { freshnessOf } from '../../../../src/control/apiserver/options/resource-version.js';
import { parseWriteOptions } from '../../../../src/control/apiserver/options/write-options.js';
import type { StatusError } from '../../../../src/control/machinery/status.js';

function refusalOf(work: () => unknown): { code: number; message: string } {
  try {
    work();
  } catch (error) {
    const { code, message } = error as StatusError;
    return { code, message };
  }
  return { code: 0, message: 'it was not refused' };
}

const badList = (detail: string) => `ListOptions.meta.k8s.io "" is invalid: ${detail}`;

for (const [query, code, message] of [
  ['limit=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
  [
    'limit=99999999999999999999',
    400,
    'strconv.ParseInt: parsing "99999999999999999999": value out of range',
  ],
  [
    'resourceVersionMatch=Exact',
    422,
    badList(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ),
  ],
  [
    'resourceVersionMatch=Exact&resourceVersion=0',
    422,
    badList(
      'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ),
  ],
  [
    'resourceVersionMatch=Exact&resourceVersion=1&continue=x',
    422,
    badList(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ),
  ],
  [
    'resourceVersionMatch=Some&resourceVersion=1',
    422,
    badList(
      'resourceVersionMatch: Unsupported value: "Some": supported values: "Exact", "NotOlderThan", ""',
    ),
  ],
  [
    'sendInitialEvents=true',
    422,
    badList('sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'),
  ],
  [
    'watch=true&sendInitialEvents=true',
    422,
    badList(
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ),
  ],
  [
    'watch=true&resourceVersionMatch=NotOlderThan',
    422,
    badList(
      'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ),
  ],
] as const) {
  t.test(`parseListOptions refuses ?${query}`, async (t) => {
    t.same(
      refusalOf(() => parseListOptions(new URLSearchParams(query))),
      { code, message },
    );
  });
}

for (const [version, match, freshness] of [
  ['', '', { at: 'latest' }],
  ['0', '', { at: 'any' }],
  ['7', '', { at: 'not-older', revision: 7 }],
  ['7', 'NotOlderThan', { at: 'not-older', revision: 7 }],
  ['7', 'Exact', { at: 'exact', revision: 7 }],
] as const) {
  t.test(`freshnessOf reads version '${version}' with match '${match}'`, async (t) => {
    t.same(freshnessOf(version, match), freshness);
  });
}

t.test('freshnessOf refuses what is no version', async (t) => {
  t.match(
    refusalOf(() => freshnessOf('abc', '')),
    { code: 400, message: /parsing "abc": invalid syntax/ },
  );
  t.match(
    refusalOf(() => freshnessOf('-1', '')),
    { code: 400 },
  );
});

t.test('encodeContinueToken makes what decodeContinueToken reads', async (t) => {
  for (const token of [
    { revision: 5, afterKey: 'ns/name' },
    { revision: -1, afterKey: 'Ä/ü' },
  ]) {
    t.same(decodeContinueToken(encodeContinueToken(token)), token);
  }
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

for (const [what, token, message] of [
  ['is no base64', '***', /illegal base64 data at input byte 0/],
  ['is no JSON', Buffer.from('nope').toString('base64url'), /continue key is not valid/],
  [
    'is of another version',
    encode({ v: 'v9', rv: 1, start: 'a' }),
    /does not recognize this encoded version/,
  ],
  [
    'has no revision',
    encode({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' }),
    /incorrect encoded start resourceVersion/,
  ],
  ['has no key', encode({ v: 'meta.k8s.io/v1', rv: 1, start: '' }), /encoded start key empty/],
  ['is null', encode(null), /continue key is not valid/],
] as const) {
  t.test(`decodeContinueToken refuses a token that ${what}`, async (t) => {
    t.match(
      refusalOf(() => decodeContinueToken(token)),
      { code: 400, message },
    );
  });
}

for (const [kind, query, isApply, message] of [
  [
    'CreateOptions',
    'dryRun=Some',
    false,
    /dryRun: Unsupported value: \[\]string\{"Some"\}: supported values: "All"/,
  ],
  [
    'CreateOptions',
    `fieldManager=${'x'.repeat(129)}`,
    false,
    /fieldManager: Too long: may not be more than 128 bytes/,
  ],
  ['CreateOptions', 'fieldManager=a%0Ab', false, /should only contain printable characters/],
  ['UpdateOptions', 'fieldValidation=Maybe', false, /fieldValidation: Unsupported value: "Maybe"/],
  [
    'PatchOptions',
    'force=true',
    false,
    /force: Forbidden: may not be specified for non-apply patch/,
  ],
  ['PatchOptions', '', true, /fieldManager: Required value: is required for apply patch/],
] as const) {
  t.test(`parseWriteOptions refuses ${kind} of ?${query.slice(0, 30)}`, async (t) => {
    const refusal = refusalOf(() => parseWriteOptions(new URLSearchParams(query), kind, isApply));
    t.match(refusal, { code: 422, message });
    t.match(refusal.message, `${kind}.meta.k8s.io "" is invalid`);
  });
}

t.test('parseWriteOptions reads a dry run, manager and validation', async (t) => {
  const query = new URLSearchParams('dryRun=All&fieldManager=me&fieldValidation=Strict');
  t.same(parseWriteOptions(query, 'CreateOptions'), {
    isDryRun: true,
    fieldManager: 'me',
    fieldValidation: 'Strict',
    force: undefined,
  });
  t.equal(parseWriteOptions(new URLSearchParams(), 'CreateOptions').fieldValidation, 'Warn');
});

t.test('parseDeleteOptions prefers the body to the query', async (t) => {
  const query = new URLSearchParams('gracePeriodSeconds=5&propagationPolicy=Orphan&dryRun=All');
  t.match(parseDeleteOptions(null, query), {
    gracePeriodSeconds: 5,
    propagationPolicy: 'Orphan',
    isDryRun: true,
  });
  t.match(parseDeleteOptions({ preconditions: { uid: 'u' } }, query), {
    gracePeriodSeconds: undefined,
    propagationPolicy: undefined,
    isDryRun: false,
    preconditions: { uid: 'u' },
  });
});

for (const [body, code] of [
  [{ kind: 'Pod' }, 400],
  [{ gracePeriodSeconds: 'x' }, 400],
  [{ propagationPolicy: 'Sideways' }, 422],
  [{ propagationPolicy: 'Orphan', orphanDependents: true }, 422],
] as const) {
  t.test(`parseDeleteOptions refuses ${JSON.stringify(body)}`, async (t) => {
    t.equal(refusalOf(() => parseDeleteOptions({ ...body }, new URLSearchParams())).code, code);
  });
}
