import type { StatusCause, StatusDetails } from '../../machinery/status.js';

/** How a command came to its end, or that it never began. */
export type CommandEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly error: Error };

/** Whether it is a command, or the first process of a container that was attached to. */
export type CommandKind = 'exec' | 'attach';

/** What is put into words of an end. */
interface EndFacts {
  readonly kind: CommandKind;
  readonly command: readonly string[];
}

interface EndStatus {
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** The Status that clients of protocol 4 and later read on their error stream. */
export function endStatus(end: CommandEnd, facts: EndFacts): EndStatus {
  if (end.kind === 'failed') {
    const doing =
      facts.kind === 'exec' ? 'executing command in container' : 'attaching to container';
    const text = `error ${doing}: ${end.error.message}`;
    const causes = [{ message: text }];
    const message = `Internal error occurred: ${text}`;
    return failure({ message, reason: 'InternalError', causes, code: 500 });
  }
  // What the process of a container that was attached to leaves is for the pod's status to say.
  if (end.exitCode === 0 || facts.kind === 'attach') return { metadata: {}, status: 'Success' };
  const words = facts.command.join(' ');
  return failure({
    message: `command terminated with non-zero exit code: error executing command [${words}], exit code ${end.exitCode}`,
    reason: 'NonZeroExitCode',
    causes: [{ reason: 'ExitCode', message: String(end.exitCode) }],
  });
}

function failure(of: {
  readonly message: string;
  readonly reason: string;
  readonly causes: StatusCause[];
  readonly code?: number;
}): EndStatus {
  const { message, reason, causes, code } = of;
  return {
    ...{ metadata: {}, status: 'Failure', message, reason, details: { causes } },
    ...(code === undefined ? {} : { code }),
  };
}

/** What goes on the error stream: JSON from protocol 4 on, before that the text of what went wrong. */
export function endText(end: CommandEnd, facts: EndFacts, isJson: boolean): string {
  const status = endStatus(end, facts);
  return isJson ? JSON.stringify(status) : (status.message ?? '');
}
