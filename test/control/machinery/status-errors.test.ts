import t from 'tap';
import { fieldPath, invalidValue, required } from '../../../src/control/machinery/field-path.js';
import { genericServerResponse } from '../../../src/control/machinery/generic-server-response.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import {
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  forbidden,
  generateNameConflict,
  gone,
  internalError,
  invalid,
  methodNotAllowed,
  notAcceptable,
  notFound,
  requestEntityTooLarge,
  resourceExpired,
  serverTimeout,
  serviceUnavailable,
  statusOf,
  timeoutError,
  tooManyRequests,
  unauthorized,
  unsupportedMediaType,
} from '../../../src/control/machinery/status-errors.js';

const pods = { group: '', resource: 'pods' };
const deployments = { group: 'apps', resource: 'deployments' };
const nothing = { group: '', resource: '' };
const spec = fieldPath('spec');

const cases: [
  name: string,
  error: StatusError,
  code: number,
  reason: string,
  message: string,
  details: unknown,
][] = [
  [
    'notFound',
    notFound(pods, 'a'),
    404,
    'NotFound',
    'pods "a" not found',
    { name: 'a', kind: 'pods' },
  ],
  [
    'notFound of a group',
    notFound(deployments, 'a"b'),
    404,
    'NotFound',
    'deployments.apps "a\\"b" not found',
    { name: 'a"b', group: 'apps', kind: 'deployments' },
  ],
  [
    'alreadyExists',
    alreadyExists(deployments, 'a'),
    409,
    'AlreadyExists',
    'deployments.apps "a" already exists',
    { name: 'a', group: 'apps', kind: 'deployments' },
  ],
  [
    'generateNameConflict',
    generateNameConflict(pods, 'a', 1),
    409,
    'AlreadyExists',
    'pods "a" already exists, the server was not able to generate a unique name for the object',
    { name: 'a', kind: 'pods', retryAfterSeconds: 1 },
  ],
  [
    'conflict',
    conflict(pods, 'a', 'it changed'),
    409,
    'Conflict',
    'Operation cannot be fulfilled on pods "a": it changed',
    { name: 'a', kind: 'pods' },
  ],
  [
    'applyConflict',
    applyConflict([{ reason: 'FieldManagerConflict', message: 'm', field: '.spec' }], 'text'),
    409,
    'Conflict',
    'text',
    { causes: [{ reason: 'FieldManagerConflict', message: 'm', field: '.spec' }] },
  ],
  [
    'invalid with one error',
    invalid({ group: 'apps', kind: 'Deployment' }, 'a', [required(spec, 'no')]),
    422,
    'Invalid',
    'Deployment.apps "a" is invalid: spec: Required value: no',
    {
      name: 'a',
      group: 'apps',
      kind: 'Deployment',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value: no', field: 'spec' }],
    },
  ],
  [
    'invalid with two errors',
    invalid({ group: '', kind: 'Pod' }, 'a', [required(spec, ''), invalidValue(spec, 1, 'bad')]),
    422,
    'Invalid',
    'Pod "a" is invalid: [spec: Required value, spec: Invalid value: 1: bad]',
    {
      name: 'a',
      kind: 'Pod',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: 1: bad', field: 'spec' },
      ],
    },
  ],
  [
    'invalid with the same error twice: one text, two causes',
    invalid({ group: '', kind: 'Pod' }, '', [required(spec, ''), required(spec, '')]),
    422,
    'Invalid',
    'Pod "" is invalid: spec: Required value',
    {
      kind: 'Pod',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec' },
        { reason: 'FieldValueRequired', message: 'Required value', field: 'spec' },
      ],
    },
  ],
  [
    'invalid without errors',
    invalid({ group: '', kind: 'Pod' }, 'a', []),
    422,
    'Invalid',
    'Pod "a" is invalid',
    { name: 'a', kind: 'Pod' },
  ],
  [
    'forbidden',
    forbidden(pods, 'a', 'no'),
    403,
    'Forbidden',
    'pods "a" is forbidden: no',
    { name: 'a', kind: 'pods' },
  ],
  [
    'forbidden for all',
    forbidden(pods, '', 'no'),
    403,
    'Forbidden',
    'pods is forbidden: no',
    { kind: 'pods' },
  ],
  ['forbidden for a path', forbidden(nothing, '', 'no'), 403, 'Forbidden', 'forbidden: no', {}],
  ['unauthorized', unauthorized('Unauthorized'), 401, 'Unauthorized', 'Unauthorized', undefined],
  ['unauthorized without text', unauthorized(''), 401, 'Unauthorized', 'not authorized', undefined],
  ['badRequest', badRequest('what'), 400, 'BadRequest', 'what', undefined],
  [
    'methodNotAllowed',
    methodNotAllowed(deployments, 'delete'),
    405,
    'MethodNotAllowed',
    'delete is not supported on resources of kind "deployments.apps"',
    { group: 'apps', kind: 'deployments' },
  ],
  [
    'notAcceptable',
    notAcceptable(['application/json', 'application/yaml']),
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml',
    undefined,
  ],
  [
    'unsupportedMediaType',
    unsupportedMediaType(['application/json']),
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json',
    undefined,
  ],
  [
    'requestEntityTooLarge',
    requestEntityTooLarge('limit is 3145728'),
    413,
    'RequestEntityTooLarge',
    'Request entity too large: limit is 3145728',
    undefined,
  ],
  [
    'tooManyRequests',
    tooManyRequests('wait', 2),
    429,
    'TooManyRequests',
    'wait',
    { retryAfterSeconds: 2 },
  ],
  [
    'tooManyRequests without a pause',
    tooManyRequests('wait', 0),
    429,
    'TooManyRequests',
    'wait',
    {},
  ],
  ['resourceExpired', resourceExpired('old'), 410, 'Expired', 'old', undefined],
  ['gone', gone('old'), 410, 'Gone', 'old', undefined],
  [
    'internalError',
    internalError(new Error('boom')),
    500,
    'InternalError',
    'Internal error occurred: boom',
    { causes: [{ message: 'boom' }] },
  ],
  [
    'serviceUnavailable',
    serviceUnavailable('later'),
    503,
    'ServiceUnavailable',
    'later',
    undefined,
  ],
  ['timeoutError', timeoutError('slow', 0), 504, 'Timeout', 'Timeout: slow', {}],
  [
    'serverTimeout',
    serverTimeout(pods, 'create', 3),
    500,
    'ServerTimeout',
    'The create operation against pods could not be completed at this time, please try again.',
    { name: 'create', kind: 'pods', retryAfterSeconds: 3 },
  ],
];

for (const [name, error, code, reason, message, details] of cases) {
  t.test(`${name} is the Status that clients know`, async (t) => {
    t.ok(error instanceof StatusError);
    t.equal(error.code, code);
    t.equal(error.reason, reason);
    t.equal(error.message, message);
    t.strictSame(JSON.parse(JSON.stringify(error.status)), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    });
    t.same(Object.keys(error.status).slice(0, 4), ['kind', 'apiVersion', 'metadata', 'status']);
  });
}

t.test(
  'statusOf gives a StatusError its own Status, and anything else an internal error',
  async (t) => {
    const error = notFound(pods, 'a');
    t.equal(statusOf(error), error.status);
    t.match(statusOf(new TypeError('x is not a function')), {
      code: 500,
      reason: 'InternalError',
      message: 'Internal error occurred: x is not a function',
    });
    t.match(statusOf('thrown text'), {
      code: 500,
      message: 'Internal error occurred: thrown text',
    });
  },
);

t.test('internalError keeps what happened as its cause', async (t) => {
  const cause = new Error('boom');
  t.equal(internalError(cause).cause, cause);
});

const response = {
  verb: 'GET',
  resource: pods,
  name: 'a',
  serverMessage: 'said',
  retryAfterSeconds: 0,
  isUnexpected: false,
};
const generic: [code: number, change: Partial<typeof response>, reason: string, message: string][] =
  [
    [400, {}, 'BadRequest', 'the server rejected our request for an unknown reason (get pods a)'],
    [
      401,
      {},
      'Unauthorized',
      'the server has asked for the client to provide credentials (get pods a)',
    ],
    [403, {}, 'Forbidden', 'said (get pods a)'],
    [404, { name: '' }, 'NotFound', 'the server could not find the requested resource (get pods)'],
    [404, { resource: nothing }, 'NotFound', 'the server could not find the requested resource'],
    [
      405,
      {},
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource (get pods a)',
    ],
    [406, {}, 'NotAcceptable', 'said (get pods a)'],
    [
      406,
      { serverMessage: 'unknown', resource: nothing },
      'NotAcceptable',
      'the server was unable to respond with a content type that the client supports',
    ],
    [409, {}, 'Conflict', 'the server reported a conflict (get pods a)'],
    [409, { verb: 'POST' }, 'AlreadyExists', 'the server reported a conflict (post pods a)'],
    [415, {}, 'UnsupportedMediaType', 'said (get pods a)'],
    [
      422,
      { resource: nothing },
      'Invalid',
      'the server rejected our request due to an error in our request',
    ],
    [
      429,
      { resource: nothing },
      'TooManyRequests',
      'the server has received too many requests and has asked us to try again later',
    ],
    [
      418,
      {},
      '',
      'the server responded with the status code 418 but did not return more information (get pods a)',
    ],
    [
      502,
      { resource: nothing },
      'InternalError',
      'an error on the server ("said") has prevented the request from succeeding',
    ],
    [
      503,
      { resource: nothing },
      'ServiceUnavailable',
      'the server is currently unable to handle the request',
    ],
    [
      504,
      { resource: nothing },
      'Timeout',
      'the server was unable to return a response in the time allotted, but may still be processing the request',
    ],
  ];
for (const [code, change, reason, message] of generic) {
  t.test(`genericServerResponse says what ${code} means: ${message}`, async (t) => {
    const error = genericServerResponse({ ...response, ...change, code });
    t.equal(error.code, code);
    t.equal(error.reason, reason);
    t.equal(error.message, message);
    t.equal(error.status.details?.causes, undefined);
  });
}

t.test('genericServerResponse carries a body that nobody expected as a cause', async (t) => {
  const error = genericServerResponse({ ...response, code: 500, isUnexpected: true });
  t.strictSame(error.status.details, {
    name: 'a',
    kind: 'pods',
    causes: [{ reason: 'UnexpectedServerResponse', message: 'said' }],
  });
});
