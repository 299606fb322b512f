import { useEffect, useState } from 'preact/hooks';
import type { WatchLine } from '../../../model/store-documents.js';
import { type ApiError, ApiError as ApiProblem, asApiError, isAbort } from '../../api.js';
import { Problem } from '../../components/problem.js';
import { useSession } from '../../hooks.js';
import { pause } from '../../live-list.js';

const shownMax = 200;
const drawIntervalMs = 200;
const retryMs = 1000;

/** One change as it is shown. */
interface Shown {
  readonly id: number;
  readonly text: string;
  readonly key: string;
}

/** What happens below a prefix from now on, latest first. */
export function KeyChanges(props: {
  readonly prefix: string;
  readonly onChoose: (key: string) => void;
}) {
  const { shown, start, problem } = useChanges(props.prefix);
  return (
    <section class="changes" aria-label="Changes as they happen">
      <Problem problem={problem} />
      {start !== '' && shown.length === 0 && <p class="hint">Watching since revision {start}.</p>}
      <ul class="key-list">
        {shown.map(({ id, text, key }) => (
          <li key={id}>
            <button type="button" onClick={() => props.onChoose(key)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function useChanges(prefix: string) {
  const { api } = useSession();
  const [state, setState] = useState<{
    shown: readonly Shown[];
    start: string;
    problem: ApiError | null;
  }>({
    ...{ shown: [], start: '', problem: null },
  });
  useEffect(() => {
    const stop = new AbortController();
    let after = '';
    let shown: readonly Shown[] = [];
    let start = '';
    let count = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = (problem: ApiError | null) => {
      timer = null;
      if (!stop.signal.aborted) setState({ shown, start, problem });
    };
    const run = async () => {
      const query = new URLSearchParams(after === '' ? { prefix } : { prefix, after });
      const path = `/flotilla/store/keys/watch?${query}`;
      for await (const lines of api.lines(path, { signal: stop.signal })) {
        for (const line of lines) {
          const event = JSON.parse(line) as WatchLine;
          if (event.type === 'error') throw new ApiProblem(event.code, '', event.message);
          after = event.type === 'start' ? event.revision : event.modRevision;
          if (event.type === 'start') start ||= event.revision;
          else shown = [{ id: count++, ...describe(event) }, ...shown].slice(0, shownMax);
        }
        timer ??= setTimeout(() => draw(null), drawIntervalMs);
      }
    };
    const runOn = async () => {
      while (!stop.signal.aborted) {
        try {
          await run();
        } catch (error) {
          if (isAbort(error)) return;
          const problem = asApiError(error);
          draw(problem);
          // What came meanwhile is forgotten: it goes on with what comes now.
          if (problem.code === 410) after = '';
          if (problem.code === 403 || problem.code === 400) return;
        }
        await pause(retryMs, stop.signal);
      }
    };
    void runOn();
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [api, prefix]);
  return state;
}

function describe(event: Exclude<WatchLine, { type: 'start' | 'error' }>): Omit<Shown, 'id'> {
  const { key, modRevision } = event;
  const what =
    event.type === 'put' ? `put, version ${event.version}, ${event.sizeBytes} bytes` : 'delete';
  return { key, text: `${modRevision} ${key} ${what}` };
}
