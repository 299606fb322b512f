import {
  type Answer,
  PendingAnswer,
  type ServiceImplementation,
  type StreamHandler,
  streamEnd,
  type UnaryHandler,
} from '../../rpc/service.js';
import { AlarmAction, type AlarmRequest, Maintenance } from '../../wire/gen/etcdserverpb.js';
import type { CallerTraces } from '../auth/authenticator.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/**
 * Who may call what, where that does not depend on keys. While authentication is disabled nothing is looked at; calls so many
 * that it tells look whether it is before they call any of this.
 */

/** Rejects with StoreError when the caller does not have the root role. */
export async function requireRoot(context: ApiContext, call: CallerTraces): Promise<void> {
  if (!context.auth.isEnabled) return;
  const user = await context.auth.identify(call);
  if (context.auth.isEnabled) context.auth.access.root(user);
}

/** Rejects with StoreError `user-empty` when the caller does not say who it is. */
export async function requireUser(context: ApiContext, call: CallerTraces): Promise<void> {
  if (!context.auth.isEnabled) return;
  const user = await context.auth.identify(call);
  if (user.revision === 0) throw new StoreError('user-empty');
}

/** What is about a member as a whole is for those who have the root role; others who say who they are may look at the alarms. */
export function forRootOnly(
  context: ApiContext,
  service: ServiceImplementation,
): ServiceImplementation {
  const unary = new Map<string, UnaryHandler<unknown, unknown>>();
  for (const [name, handler] of service.unary) {
    const path = service.descriptor.methods[name]?.path ?? '';
    unary.set(name, (request, call) => {
      if (!context.auth.isEnabled) return handler(request, call);
      const require = isForUsers(path, request) ? requireUser : requireRoot;
      return require(context, call).then(() => promised(handler(request, call)));
    });
  }
  const stream = new Map<string, StreamHandler<unknown, unknown>>();
  for (const [name, handler] of service.stream) {
    stream.set(name, async (call) => {
      await requireRoot(context, call);
      await streamEnd(() => handler(call));
    });
  }
  return { descriptor: service.descriptor, unary, stream };
}

function isForUsers(path: string, request: unknown): boolean {
  if (path !== Maintenance.methods.Alarm.path) return false;
  return (request as AlarmRequest).action === AlarmAction.GET;
}

function promised<T>(
  answer: Promise<Answer<T>> | PendingAnswer<T> | Answer<T>,
): Promise<Answer<T>> | Answer<T> {
  return answer instanceof PendingAnswer ? answer.promise() : answer;
}
