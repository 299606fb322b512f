import { type Answer, PendingAnswer } from '../../rpc/service.js';
import { AlarmAction, AlarmRequest, AlarmType } from '../../wire/gen/etcdserverpb.js';
import type { AuthInfo } from '../auth/auth-info.js';
import type { CallerTraces } from '../auth/authenticator.js';
import { encodeOnBehalf } from '../auth/on-behalf.js';
import { type ApplyResponse, type ApplyResult, CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import { toStoreError } from '../member/node-errors.js';
import type { ApiContext, ApplyWaiter } from './context.js';

/** What etcd wraps around a request before it measures it against --max-request-bytes (3.4.23 measured). */
const envelopeBytes = 17;

/** Bytes that a lease takes in the database, roughly. */
export const leaseBytes = 64;

/** A command, and what its response is called. */
interface Command<Kind extends ApplyResponse['kind']> {
  readonly kind: CommandKind;
  readonly payload: Uint8Array;
  readonly response: Kind;
}

/**
 * Proposes an encoded request and resolves with its response. Throws StoreError: `request-too-large`, what the context
 * rejects with, or the error that applying the entry came to. Without a signal it is carried out although the caller may
 * have given up: for requests so many that listening to their signals costs more than the work that is spared.
 */
export function propose<Kind extends ApplyResponse['kind']>(
  context: ApiContext,
  command: Command<Kind>,
  signal?: AbortSignal,
): Promise<Extract<ApplyResponse, { kind: Kind }>> {
  const { kind, payload } = command;
  if (isTooLarge(context, payload)) return Promise.reject(new StoreError('request-too-large'));
  return context
    .propose(kind, payload, signal)
    .then((result) => responseOf(result, command.response));
}

/** The same for whoever makes a call, whose permissions are looked at when the command is applied. */
export async function proposeAs<Kind extends ApplyResponse['kind']>(
  context: ApiContext,
  call: CallerTraces,
  command: Command<Kind>,
  signal?: AbortSignal,
): Promise<Extract<ApplyResponse, { kind: Kind }>> {
  if (!context.auth.isEnabled) return propose(context, command, signal);
  const user = await context.auth.identify(call);
  return propose(context, onBehalf(user, command), signal);
}

/**
 * The same as {@link proposeAs} without a signal and without promises: answers a call with what `toAnswer` makes of the response.
 */
export function answerBy<Kind extends ApplyResponse['kind'], Res>(
  context: ApiContext,
  call: CallerTraces,
  command: Command<Kind>,
  toAnswer: (response: Extract<ApplyResponse, { kind: Kind }>) => Answer<Res>,
): PendingAnswer<Res> | Promise<Answer<Res>> {
  const { kind, payload, response } = command;
  if (isTooLarge(context, payload)) throw new StoreError('request-too-large');
  const answer = new CommandAnswer(response, toAnswer);
  if (context.auth.isEnabled) return answerAs(context, call, command, answer);
  context.proposeFor(kind, payload, answer);
  return answer;
}

function answerAs<Kind extends ApplyResponse['kind'], Res>(
  context: ApiContext,
  call: CallerTraces,
  command: Command<Kind>,
  answer: CommandAnswer<Kind, Res>,
): PendingAnswer<Res> | Promise<Answer<Res>> {
  const begin = (user: AuthInfo) => {
    const { kind, payload } = onBehalf(user, command);
    context.proposeFor(kind, payload, answer);
    return answer;
  };
  const user = context.auth.identify(call);
  return user instanceof Promise ? user.then((found) => begin(found).promise()) : begin(user);
}

function onBehalf<Kind extends ApplyResponse['kind']>(
  user: AuthInfo,
  command: Command<Kind>,
): Command<Kind> {
  const payload = encodeOnBehalf(user, command);
  return { kind: CommandKind.onBehalf, payload, response: command.response };
}

/** Waits for a command, to answer a call. */
class CommandAnswer<Kind extends ApplyResponse['kind'], Res>
  extends PendingAnswer<Res>
  implements ApplyWaiter
{
  readonly #kind: Kind;
  readonly #toAnswer: (response: Extract<ApplyResponse, { kind: Kind }>) => Answer<Res>;

  constructor(
    kind: Kind,
    toAnswer: (response: Extract<ApplyResponse, { kind: Kind }>) => Answer<Res>,
  ) {
    super();
    this.#kind = kind;
    this.#toAnswer = toAnswer;
  }

  /** Called from the loop that applies entries, where nothing may be thrown. */
  resolve(result: ApplyResult): void {
    try {
      this.answer(this.#toAnswer(responseOf(result, this.#kind)));
    } catch (error) {
      this.fail(error);
    }
  }

  reject(error: unknown): void {
    this.fail(toStoreError(error));
  }
}

function isTooLarge(context: ApiContext, payload: Uint8Array): boolean {
  return payload.length + envelopeBytes > context.limits.requestBytesMax;
}

function responseOf<Kind extends ApplyResponse['kind']>(
  result: ApplyResult,
  kind: Kind,
): Extract<ApplyResponse, { kind: Kind }> {
  if (!result.ok) throw result.error;
  if (isKind(result.response, kind)) return result.response;
  throw new Error(`a ${kind} command was answered as ${result.response.kind}`);
}

function isKind<Kind extends ApplyResponse['kind']>(
  response: ApplyResponse,
  kind: Kind,
): response is Extract<ApplyResponse, { kind: Kind }> {
  return response.kind === kind;
}

/** Refuses writes while the CORRUPT alarm of any member is active. */
export function refuseWhenCorrupt(context: ApiContext): void {
  if (hasAlarm(context, AlarmType.CORRUPT)) throw new StoreError('corrupt');
}

/**
 * Refuses what grows the database (by about `bytes`) while the NOSPACE alarm of any member is active; throws StoreError. When
 * it would exceed the quota the alarm is raised for all members, and stays until disarmed: the promise rejects then. Undefined
 * when there is space.
 */
export function refuseWithoutSpace(context: ApiContext, bytes: number): Promise<never> | undefined {
  if (bytes === 0) return undefined;
  if (hasAlarm(context, AlarmType.NOSPACE)) throw new StoreError('no-space');
  const { quotaBytes } = context.limits;
  if (quotaBytes <= 0 || context.sizeBytes().inUse + bytes < quotaBytes) return undefined;
  return raiseNoSpace(context);
}

async function raiseNoSpace(context: ApiContext): Promise<never> {
  const { quotaBytes } = context.limits;
  const alarm = {
    action: AlarmAction.ACTIVATE,
    memberID: context.memberId,
    alarm: AlarmType.NOSPACE,
  };
  context.logger.warn('the database has reached its quota; writes are refused', { quotaBytes });
  const payload = AlarmRequest.encode(alarm);
  await propose(context, { kind: CommandKind.alarm, payload, response: 'alarm' });
  throw new StoreError('no-space');
}

function hasAlarm(context: ApiContext, alarm: number): boolean {
  const alarms = context.alarms();
  return alarms.length > 0 && alarms.some((active) => active.alarm === alarm);
}
