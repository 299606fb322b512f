import type { ComponentStatus } from '../../api/gen/core-v1.js';
import type { JsonValue } from '../../machinery/json.js';
import { fieldsOf } from '../../machinery/object.js';
import { notFound } from '../../machinery/status-errors.js';
import { negotiate, sendDocument } from './output.js';
import type { SubresourceHandler } from './router.js';
import { verbNotAllowed } from './verb-not-allowed.js';

/** Tells whether the store answers; resolves with what is wrong, or null. */
export type StoreCheck = () => Promise<string | null>;

const storeName = 'etcd-0';

/** `kubectl get componentstatuses`: of what this server can see, which is the store. */
export function componentStatuses(check: StoreCheck): SubresourceHandler {
  return async (exchange, tools) => {
    const { verb, name } = exchange.info;
    if (verb !== 'get' && verb !== 'list') throw verbNotAllowed();
    const output = { ...negotiate(exchange, tools.protobuf), as: null };
    if (name !== '' && name !== storeName) {
      throw notFound({ group: '', resource: 'componentstatuses' }, name);
    }
    const status = statusOf(await check().catch((error: unknown) => String(error)));
    if (verb === 'get') return sendDocument(exchange, output, 200, fieldsOf(status));
    const items = [status] as unknown as JsonValue;
    const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items };
    return sendDocument(exchange, output, 200, list);
  };
}

function statusOf(problem: string | null): ComponentStatus {
  const isHealthy = problem === null;
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name: storeName },
    conditions: [
      {
        type: 'Healthy',
        status: isHealthy ? 'True' : 'False',
        message: isHealthy ? 'ok' : '',
        ...(isHealthy ? {} : { error: problem }),
      },
    ],
  };
}
