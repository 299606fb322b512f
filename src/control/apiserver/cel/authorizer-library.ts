import { type AuthorizerSignature, authorization } from '../../cel/admission-types.js';
import type { Implementation } from '../../cel/function-table.js';
import { CelError, type CelValue, type Opaque } from '../../cel/values.js';
import { nameProblems } from '../../machinery/names.js';
import type {
  AuthorizationDecision,
  AuthorizationRequest,
  Authorizer,
  UserInfo,
} from '../contracts.js';

/** Not a failure: the answer is being asked for, and the evaluation begins again when it is there. */
export class PendingAnswer extends Error {
  override readonly name = 'PendingAnswer';
  readonly settled: Promise<void>;

  constructor(settled: Promise<void>) {
    super('an answer is not there yet');
    this.settled = settled;
  }
}

/** Asks an authorizer on behalf of expressions, which cannot wait: each question once. */
export class AuthorizerCalls {
  readonly #authorizer: Authorizer;
  readonly #answers = new Map<string, AuthorizationDecision | Error>();

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /** Throws {@link PendingAnswer} while the answer is not there. */
  ask(request: AuthorizationRequest): AuthorizationDecision | Error {
    const key = JSON.stringify(request);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#authorizer.authorize(request);
    if (!(answer instanceof Promise)) {
      this.#answers.set(key, answer);
      return answer;
    }
    const keep = (settled: AuthorizationDecision | Error) => void this.#answers.set(key, settled);
    throw new PendingAnswer(answer.then(keep, keep));
  }
}

/** Runs until all answers that it needs are there. */
export async function settled<T>(run: () => T): Promise<T> {
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof PendingAnswer)) throw error;
      await error.settled;
    }
  }
}

/** A part of a question to the authorizer, or its answer. */
class Question implements Opaque {
  readonly celType: string;
  readonly request: AuthorizationRequest;
  readonly calls: AuthorizerCalls;
  readonly members: Readonly<Record<string, CelValue>>;

  constructor(
    celType: string,
    request: AuthorizationRequest,
    calls: AuthorizerCalls,
    members: Readonly<Record<string, CelValue>> = {},
  ) {
    this.celType = celType;
    this.request = request;
    this.calls = calls;
    this.members = members;
  }

  equals(other: Opaque): boolean {
    return other === this;
  }

  member(name: string): CelValue | undefined {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }

  with(celType: string, change: Partial<AuthorizationRequest>): Question {
    return new Question(celType, { ...this.request, ...change }, this.calls);
  }

  check(verb: string): Answer {
    return new Answer(this.calls.ask({ ...this.request, verb }));
  }
}

class Answer implements Opaque {
  readonly celType = authorization.decision;
  readonly decision: AuthorizationDecision | Error;

  constructor(decision: AuthorizationDecision | Error) {
    this.decision = decision;
  }

  equals(other: Opaque): boolean {
    return other === this;
  }

  get isAllowed(): boolean {
    return !(this.decision instanceof Error) && this.decision.decision === 'allow';
  }
}

/** The value of `authorizer`: asks for a user; `requestResource` is what the request is about. */
export function authorizerValue(
  user: UserInfo,
  about: Omit<AuthorizationRequest, 'user' | 'verb' | 'path' | 'isResourceRequest'>,
  calls: AuthorizerCalls,
): CelValue {
  const resource: AuthorizationRequest = {
    user,
    verb: '',
    isResourceRequest: true,
    path: '',
    ...about,
  };
  const requestResource = new Question(authorization.resourceCheck, resource, calls);
  return new Question(authorization.authorizer, emptyRequest(user), calls, { requestResource });
}

function emptyRequest(user: UserInfo): AuthorizationRequest {
  return {
    user,
    verb: '',
    isResourceRequest: false,
    path: '',
    group: '',
    version: '*',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };
}

function serviceAccount(authorizer: Question, namespace: string, name: string): Question {
  if (nameProblems('dns-subdomain', name, false).length > 0)
    throw new CelError('Invalid service account name');
  if (nameProblems('dns-label', namespace, false).length > 0)
    throw new CelError('Invalid service account namespace');
  const groups = [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
    'system:authenticated',
  ];
  const user = { name: `system:serviceaccount:${namespace}:${name}`, uid: '', groups, extra: {} };
  return authorizer.with(authorization.authorizer, { user });
}

/** The functions by which expressions ask whether somebody may do something. */
export const authorizerLibrary: Readonly<Record<AuthorizerSignature, Implementation>> = {
  'kubernetes.authorization.Authorizer.path(string): kubernetes.authorization.PathCheck': (
    question: Question,
    path: string,
  ) => {
    if (path.trim() === '') throw new CelError('path must not be empty');
    return question.with(authorization.pathCheck, { path });
  },
  'kubernetes.authorization.Authorizer.group(string): kubernetes.authorization.GroupCheck': (
    question: Question,
    group: string,
  ) => question.with(authorization.groupCheck, { group, isResourceRequest: true }),
  'kubernetes.authorization.Authorizer.serviceAccount(string, string): kubernetes.authorization.Authorizer':
    serviceAccount,
  'kubernetes.authorization.GroupCheck.resource(string): kubernetes.authorization.ResourceCheck': (
    question: Question,
    resource: string,
  ) => {
    if (resource.trim() === '') throw new CelError('resource must not be empty');
    return question.with(authorization.resourceCheck, { resource });
  },
  'kubernetes.authorization.ResourceCheck.subresource(string): kubernetes.authorization.ResourceCheck':
    (question: Question, subresource: string) =>
      question.with(authorization.resourceCheck, { subresource }),
  'kubernetes.authorization.ResourceCheck.namespace(string): kubernetes.authorization.ResourceCheck':
    (question: Question, namespace: string) =>
      question.with(authorization.resourceCheck, { namespace }),
  'kubernetes.authorization.ResourceCheck.name(string): kubernetes.authorization.ResourceCheck': (
    question: Question,
    name: string,
  ) => question.with(authorization.resourceCheck, { name }),
  'kubernetes.authorization.ResourceCheck.fieldSelector(string): kubernetes.authorization.ResourceCheck':
    (question: Question, fieldSelector: string) =>
      question.with(authorization.resourceCheck, { fieldSelector }),
  'kubernetes.authorization.ResourceCheck.labelSelector(string): kubernetes.authorization.ResourceCheck':
    (question: Question, labelSelector: string) =>
      question.with(authorization.resourceCheck, { labelSelector }),
  'kubernetes.authorization.ResourceCheck.check(string): kubernetes.authorization.Decision': (
    question: Question,
    verb: string,
  ) => question.check(verb),
  'kubernetes.authorization.PathCheck.check(string): kubernetes.authorization.Decision': (
    question: Question,
    verb: string,
  ) => question.check(verb),
  'kubernetes.authorization.Decision.allowed(): bool': (answer: Answer) => answer.isAllowed,
  'kubernetes.authorization.Decision.reason(): string': ({ decision }: Answer) =>
    decision instanceof Error ? '' : decision.reason,
  'kubernetes.authorization.Decision.errored(): bool': ({ decision }: Answer) =>
    decision instanceof Error,
  'kubernetes.authorization.Decision.error(): string': ({ decision }: Answer) =>
    decision instanceof Error ? decision.message : '',
};
