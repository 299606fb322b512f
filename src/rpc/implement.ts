import type { MethodDescriptor, ServiceDescriptor } from '../wire/descriptor.js';
import type { ServiceImplementation, StreamHandler, UnaryHandler } from './service.js';

/** A method as the generated descriptors declare it: with literal `requestStream` and `responseStream`. */
type Method = MethodDescriptor<unknown, unknown>;

/** The handler that a method needs: unary, or streaming when either side streams. Responses may leave fields out. */
export type HandlerOf<M extends Method> = M extends {
  readonly requestStream: false;
  readonly responseStream: false;
}
  ? UnaryHandler<RequestOf<M>, ResponseOf<M>>
  : StreamHandler<RequestOf<M>, ResponseOf<M>>;

type RequestOf<M extends Method> = ReturnType<M['request']['decode']>;
type ResponseOf<M extends Method> = Parameters<M['response']['encode']>[0];

/** Handlers by method name; a method left out answers `unimplemented`. */
export type ServiceHandlers<S extends ServiceDescriptor> = {
  readonly [Name in keyof S['methods']]?: HandlerOf<S['methods'][Name]>;
};

/** Binds typed handlers to a service, in the form that every engine takes. */
export function implementService<S extends ServiceDescriptor>(
  descriptor: S,
  handlers: ServiceHandlers<S>,
): ServiceImplementation {
  const unary = new Map<string, UnaryHandler<unknown, unknown>>();
  const stream = new Map<string, StreamHandler<unknown, unknown>>();
  for (const [name, handler] of Object.entries(handlers)) {
    const method = descriptor.methods[name];
    if (method === undefined || handler === undefined) continue;
    if (method.requestStream || method.responseStream) {
      stream.set(name, handler as StreamHandler<unknown, unknown>);
    } else {
      unary.set(name, handler as UnaryHandler<unknown, unknown>);
    }
  }
  return { descriptor, unary, stream };
}
