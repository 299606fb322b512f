/** A signal that follows several others, and how to let go of them. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  readonly dispose: () => void;
}

/** Aborted as soon as one of the given is, with its reason. (AbortSignal.any keeps its sources alive, and is not in 20.0.) */
export function linkSignals(sources: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const undo: (() => void)[] = [];
  const dispose = () => {
    for (const unsubscribe of undo) unsubscribe();
    undo.length = 0;
  };
  for (const source of sources) {
    if (source === undefined) continue;
    const onAbort = () => controller.abort(source.reason);
    if (source.aborted) onAbort();
    source.addEventListener('abort', onAbort, { once: true });
    undo.push(() => source.removeEventListener('abort', onAbort));
  }
  return { signal: controller.signal, dispose };
}
