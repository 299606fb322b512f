import t from 'tap';
import { NodeError, type NodeErrorCode } from '../../../src/raft/node/index.js';
import { StoreError } from '../../../src/store/errors.js';
import { toStoreError } from '../../../src/store/member/node-errors.js';

t.test("toStoreError has etcd's answer for every error of the driver", async (t) => {
  const table: readonly (readonly [NodeErrorCode, message: string, expected: string])[] = [
    ['timeout', '', 'timeout'],
    ['timeout-leader-lost', '', 'timeout-leader-lost'],
    ['busy', '', 'too-many-requests'],
    ['canceled', '', 'canceled'],
    ['stopped', '', 'stopped'],
    ['config-refused', 'config-invalid', 'member-not-found'],
    ['config-refused', 'config-pending', 'unhealthy'],
    ['config-refused', 'not-member', 'unhealthy'],
    ['config-refused', 'learner-not-ready', 'learner-not-ready'],
    ['not-leader', '', 'not-leader'],
    ['bad-transferee', '', 'bad-leader-transferee'],
  ];
  for (const [code, message, expected] of table) {
    const cause = new NodeError(code, message);
    t.match(toStoreError(cause), { code: expected, cause }, `${code} ${message}`);
    t.ok(toStoreError(cause) instanceof StoreError);
  }
});

t.test('toStoreError passes on other errors unchanged', async (t) => {
  const error = new RangeError('a bug');
  t.equal(toStoreError(error), error);
});
