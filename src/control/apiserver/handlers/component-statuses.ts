import { componentStatusKind } from '../../api/core-v1/small-kinds.js';
import type { ComponentStatus } from '../../api/gen/core-v1.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { notFound } from '../../machinery/status-errors.js';
import { isTable } from '../negotiation/transform.js';
import { defaultLayout } from '../tables/default-layout.js';
import { parseIncludeObject, renderTable, type TableOptions } from '../tables/table.js';
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
    const asked = negotiate(exchange, tools.protobuf);
    const output = { ...asked, as: null };
    if (name !== '' && name !== storeName) {
      throw notFound({ group: '', resource: 'componentstatuses' }, name);
    }
    const status = statusOf(await check().catch((error: unknown) => String(error)));
    if (asked.as !== null && isTable(asked.as.kind)) {
      const { version } = asked.as;
      const options = { includeObject: parseIncludeObject(exchange.query), version };
      return sendDocument(exchange, asked, 200, tableOf(status, exchange.nowMs, options));
    }
    if (verb === 'get') return sendDocument(exchange, output, 200, fieldsOf(status));
    const items = [status] as unknown as JsonValue;
    const list = { kind: 'ComponentStatusList', apiVersion: 'v1', metadata: {}, items };
    return sendDocument(exchange, output, 200, list);
  };
}

function tableOf(status: ComponentStatus, nowMs: number, options: TableOptions): JsonObject {
  const layout = componentStatusKind.table ?? defaultLayout;
  const objects = [status as KubeObject];
  return renderTable({ layout, objects, metadata: {}, nowMs, hasColumns: true }, options);
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
