import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { AdmissionServices } from '../../../../src/control/apiserver/admission/services.js';
import { userInfo } from '../../../../src/control/apiserver/authentication/user-info.js';
import type {
  AdmissionPlugin,
  AdmissionRequest,
  AuthorizationRequest,
  UserInfo,
} from '../../../../src/control/apiserver/contracts.js';
import type { GroupResource, KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { conflict } from '../../../../src/control/machinery/status-errors.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { FakeObjects } from '../fake-objects.js';

/** What plugins live in, for tests: objects in memory, a clock that stands still, and all that was asked and said. */
export class AdmissionWorld implements AdmissionServices {
  readonly objects = new FakeObjects();
  readonly latest = new FakeObjects();
  readonly clock = new ManualClock();
  readonly prng = new Prng(7);
  readonly log = silentLogger;
  readonly warnings: string[] = [];
  readonly annotations: Record<string, string> = {};
  /** What users may do, as `verb group/resource/subresource namespace/name`. */
  readonly allowed = new Set<string>();
  /** Statuses that somebody else writes before ours arrives. */
  beforeStatusUpdate: (() => void) | null = null;
  revision = 100;
  readonly created: KubeObject[] = [];

  readonly authorizer = {
    authorize: ({ verb, group, resource, subresource, namespace, name }: AuthorizationRequest) => ({
      decision: this.allowed.has(`${verb} ${group}/${resource}/${subresource} ${namespace}/${name}`)
        ? ('allow' as const)
        : ('none' as const),
      reason: '',
    }),
  };

  readonly writer = {
    create: async (_resource: GroupResource, _namespace: string, object: KubeObject) => {
      this.created.push(object);
    },
    updateStatus: async (resource: GroupResource, namespace: string, object: KubeObject) => {
      await Promise.resolve();
      this.beforeStatusUpdate?.();
      const name = object.metadata.name ?? '';
      const stored = this.latest.peek(resource, namespace, name);
      if (stored?.metadata.resourceVersion !== object.metadata.resourceVersion)
        throw conflict(resource, name, 'it changed');
      const next = {
        ...object,
        metadata: { ...object.metadata, resourceVersion: String(++this.revision) },
      };
      this.latest.put(`${resource.group}/${resource.resource}`, next);
      return next;
    },
  };

  /** An object that caches and store have. */
  have(resource: string, ...objects: object[]): this {
    this.objects.put(resource, ...(objects as KubeObject[]));
    this.latest.put(resource, ...(objects as KubeObject[]));
    return this;
  }

  /** A write as plugins see it; `what` is `OPERATION group/resource[/subresource] [namespace/]name`. */
  request(
    what: string,
    parts: {
      readonly object?: object | null;
      readonly old?: object | null;
      readonly user?: UserInfo;
      readonly isDryRun?: boolean;
    } = {},
  ): AdmissionRequest {
    const [operation = '', of = '', where = '/'] = what.split(' ');
    const [group = '', resource = '', subresource = ''] = of.split('/');
    const [namespace = '', name = ''] = where.split('/');
    return {
      context: {
        user: parts.user ?? userInfo({ name: 'jane' }),
        info: {
          verb: operation.toLowerCase(),
          isResourceRequest: true,
          path: '',
          group,
          version: 'v1',
          namespace,
          resource,
          subresource,
          name,
        },
        isDryRun: parts.isDryRun ?? false,
        fieldManager: '',
        nowMs: this.clock.wallTime(),
        signal: new AbortController().signal,
        warn: (text) => this.warnings.push(text),
        annotate: (key, value) => {
          this.annotations[key] = value;
        },
      },
      operation: operation as AdmissionRequest['operation'],
      group,
      version: 'v1',
      kind: '',
      resource,
      subresource,
      namespace,
      name,
      object: (parts.object ?? null) as KubeObject | null,
      oldObject: (parts.old ?? null) as KubeObject | null,
      options: null,
    };
  }
}

/** Runs both phases of a plugin; the text of its refusal, or null when it agrees. */
export async function admit(
  plugin: AdmissionPlugin,
  request: AdmissionRequest,
): Promise<string | null> {
  if (!plugin.handles(request.operation)) return null;
  try {
    await plugin.mutate?.(request);
    await plugin.validate?.(request);
    return null;
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}
