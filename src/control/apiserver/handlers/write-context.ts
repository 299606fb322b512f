import { setObjectDefaults } from '../../api/schema-defaults.js';
import type { KubeObject } from '../../machinery/object.js';
import type { Exchange } from '../exchange.js';
import type { WriteOptions } from '../options/write-options.js';
import type { WriteRequest } from '../registry/write-request.js';
import type { ExpectedBody } from './decode-request.js';
import type { ResourceEndpoint } from './endpoint.js';

/** The write that a request asks for, as the registry takes it. */
export function writeRequest(
  exchange: Exchange,
  write: {
    readonly isDryRun: boolean;
    readonly fieldManager: string;
    readonly options: KubeObject;
  },
): WriteRequest {
  const { namespace, subresource } = exchange.info;
  const manager = write.fieldManager === '' ? managerOf(exchange) : write.fieldManager;
  return {
    context: exchange.context({ isDryRun: write.isDryRun, fieldManager: manager }),
    namespace,
    subresource,
    manager,
    options: write.options,
  };
}

/** Clients that do not name themselves are known by the first word of their user agent. */
function managerOf(exchange: Exchange): string {
  const agent = (exchange.header('user-agent') ?? '').split('/')[0] ?? '';
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, 128) || 'unknown';
}

/** What the body of a write of this resource must be. */
export function expectedBody(
  { resource }: ResourceEndpoint,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
): ExpectedBody {
  const { group, version, kind, schema, isCustom } = resource;
  const setDefaults = (object: KubeObject) => setObjectDefaults(object, resource);
  return { of: { group, version, kind }, schema, isCustom, setDefaults, fieldValidation };
}
