import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiObject } from '../../../model/api-object.js';
import { LogLines } from '../../../model/log-lines.js';
import { type ObjectName, objectPath } from '../../../model/page-route.js';
import { type ApiError, asApiError, isAbort } from '../../api.js';
import { ContainerChoice } from '../../components/container-choice.js';
import { Problem } from '../../components/problem.js';
import { useSession } from '../../hooks.js';
import { pause } from '../../live-list.js';

const linesMax = 5000;
const tailLines = 1000;
const drawIntervalMs = 200;
const retryMs = 1000;

/** What of a log is asked for. */
interface LogChoice {
  readonly container: string;
  readonly isFollowed: boolean;
  readonly isPrevious: boolean;
  readonly hasTimestamps: boolean;
}

/** What a pod's containers write, as it comes. */
export function Logs({ target, pod }: { readonly target: ObjectName; readonly pod: ApiObject }) {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const names = [...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name);
  const [choice, setChoice] = useState<LogChoice>({
    container: names[0] ?? '',
    isFollowed: true,
    isPrevious: false,
    hasTimestamps: false,
  });
  const { text, droppedCount, isOver, problem } = useLog(target, choice);
  const view = useRef<HTMLPreElement>(null);
  useStickToEnd(view, text);
  return (
    <div class="logs">
      <div class="actions">
        <ContainerChoice
          names={names}
          chosen={choice.container}
          onChange={(container) => setChoice({ ...choice, container })}
        />
        <Check
          title="Follow"
          isOn={choice.isFollowed}
          onChange={(isFollowed) => setChoice({ ...choice, isFollowed })}
        />
        <Check
          title="Previous run"
          isOn={choice.isPrevious}
          onChange={(isPrevious) => setChoice({ ...choice, isPrevious })}
        />
        <Check
          title="Times"
          isOn={choice.hasTimestamps}
          onChange={(hasTimestamps) => setChoice({ ...choice, hasTimestamps })}
        />
        <span class="hint">
          {droppedCount > 0 && `${droppedCount} older lines are not kept. `}
          {isOver ? 'The log has ended.' : ''}
        </span>
      </div>
      <Problem problem={problem} />
      <pre class="text log" role="log" aria-label="Log" aria-live="off" ref={view}>
        {text}
      </pre>
    </div>
  );
}

function Check(props: {
  readonly title: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  return (
    <label>
      <input type="checkbox" checked={props.isOn} onChange={() => props.onChange(!props.isOn)} />{' '}
      {props.title}
    </label>
  );
}

interface LogState {
  readonly text: string;
  readonly droppedCount: number;
  readonly isOver: boolean;
  readonly problem: ApiError | null;
}

const emptyLog: LogState = { text: '', droppedCount: 0, isOver: false, problem: null };

function useLog(target: ObjectName, choice: LogChoice): LogState {
  const { api } = useSession();
  const [state, setState] = useState<LogState>(emptyLog);
  const path = logPath(target, choice);
  useEffect(() => {
    const stop = new AbortController();
    let lines = new LogLines(linesMax);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const draw = (end: Partial<LogState>) => {
      if (stop.signal.aborted) return;
      const { droppedCount } = lines;
      setState({ ...emptyLog, text: lines.text(), droppedCount, ...end });
    };
    const drawSoon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        draw({});
      }, drawIntervalMs);
    };
    const finish = (end: Partial<LogState>) => {
      if (timer !== null) clearTimeout(timer);
      draw(end);
    };
    /** A connection that breaks is made anew, and the log's end is read again. */
    const run = async (): Promise<Partial<LogState>> => {
      for (;;) {
        try {
          lines = new LogLines(linesMax);
          for await (const some of api.lines(path, { accept: '*/*', signal: stop.signal })) {
            lines.push(some);
            drawSoon();
          }
          return { isOver: true };
        } catch (error) {
          const problem = asApiError(error);
          if (isAbort(error) || problem.code !== 0) return { isOver: true, problem };
          draw({ problem });
          await pause(retryMs, stop.signal);
        }
      }
    };
    setState(emptyLog);
    void run().then(finish);
    return () => {
      stop.abort();
      if (timer !== null) clearTimeout(timer);
    };
  }, [api, path]);
  return state;
}

function logPath(target: ObjectName, choice: LogChoice): string {
  const query = new URLSearchParams({ container: choice.container, tailLines: String(tailLines) });
  if (choice.isFollowed) query.set('follow', 'true');
  if (choice.isPrevious) query.set('previous', 'true');
  if (choice.hasTimestamps) query.set('timestamps', 'true');
  return `${objectPath(target)}/log?${query}`;
}

/** Keeps the end in sight, unless somebody has scrolled away from it. */
function useStickToEnd(view: { readonly current: HTMLPreElement | null }, text: string): void {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = view.current;
    if (element === null) return;
    const onScroll = () => {
      isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - 40;
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, [view]);
  useEffect(() => {
    const element = view.current;
    if (element !== null && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [view, text]);
}
