import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiObject } from '../../../model/api-object.js';
import {
  endOfInputMessage,
  execProtocol,
  inputMessage,
  readExecMessage,
} from '../../../model/exec-channels.js';
import { type ObjectName, objectPath } from '../../../model/page-route.js';
import { ContainerChoice } from '../../components/container-choice.js';
import { useSession } from '../../hooks.js';

const charactersMax = 200_000;

/** What is run, and where. */
interface Command {
  readonly container: string;
  readonly line: string;
}

/** A command within a container, with lines of input: no terminal, so programs that draw on one do not work here. */
export function Console({ target, pod }: { readonly target: ObjectName; readonly pod: ApiObject }) {
  const names = (pod.spec?.containers ?? []).map(({ name }) => name);
  const [command, setCommand] = useState<Command>({ container: names[0] ?? '', line: 'sh' });
  const [run, setRun] = useState<{ readonly path: string } | null>(null);
  return (
    <div class="logs">
      <form
        class="actions"
        onSubmit={(event) => {
          event.preventDefault();
          setRun({ path: execPath(target, command) });
        }}
      >
        <ContainerChoice
          names={names}
          chosen={command.container}
          onChange={(container) => setCommand({ ...command, container })}
        />
        <label class="wide">
          Command{' '}
          <input
            type="text"
            spellcheck={false}
            value={command.line}
            onInput={(event) => setCommand({ ...command, line: event.currentTarget.value })}
          />
        </label>
        <button type="submit" class="primary">
          Run
        </button>
      </form>
      {run !== null && <Session run={run} />}
    </div>
  );
}

function Session({ run }: { readonly run: { readonly path: string } }) {
  const { text, end, send, finish } = useExec(run);
  const [line, setLine] = useState('');
  const view = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (view.current !== null) view.current.scrollTop = view.current.scrollHeight;
  }, [text]);
  return (
    <>
      <pre class="text log" role="log" aria-label="Output" ref={view}>
        {text}
      </pre>
      {end !== null ? (
        <p class="hint" role="status">
          {end === '' ? 'The command has ended.' : `The command has ended: ${end}`}
        </p>
      ) : (
        <form
          class="actions"
          onSubmit={(event) => {
            event.preventDefault();
            send(`${line}\n`);
            setLine('');
          }}
        >
          <label class="wide">
            Input{' '}
            <input
              type="text"
              spellcheck={false}
              autocomplete="off"
              value={line}
              onInput={(event) => setLine(event.currentTarget.value)}
            />
          </label>
          <button type="submit">Send</button>
          <button type="button" onClick={finish}>
            End input
          </button>
        </form>
      )}
    </>
  );
}

interface ExecState {
  readonly text: string;
  /** How it ended; null: it runs. */
  readonly end: string | null;
}

/** Runs a command as long as the view is there; each `run` is another one. */
function useExec(run: { readonly path: string }) {
  const { api } = useSession();
  const [state, setState] = useState<ExecState>({ text: '', end: null });
  const socket = useRef<WebSocket | null>(null);
  useEffect(() => {
    setState({ text: '', end: null });
    const opened = api.openSocket(run.path, execProtocol);
    socket.current = opened;
    const decoder = new TextDecoder();
    const end = (problem: string) =>
      setState((before) => (before.end === null ? { ...before, end: problem } : before));
    opened.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      const message = readExecMessage(new Uint8Array(data));
      if (message === null) return;
      if (message.kind === 'end') {
        end(message.problem);
        return;
      }
      const more = decoder.decode(message.bytes, { stream: true });
      setState((before) => ({ ...before, text: (before.text + more).slice(-charactersMax) }));
    };
    // A browser does not tell what a server has refused.
    opened.onclose = () =>
      end('the connection was closed, or refused: see the rights on pods/exec');
    return () => {
      opened.onclose = null;
      opened.onmessage = null;
      opened.close();
    };
  }, [api, run]);
  const give = (message: Uint8Array<ArrayBuffer>) => {
    const { current } = socket;
    const send = () => current?.send(message);
    // What is typed before the command runs waits for it.
    if (current?.readyState === WebSocket.CONNECTING) current.addEventListener('open', send);
    else if (current?.readyState === WebSocket.OPEN) send();
  };
  return {
    ...state,
    send: (text: string) => give(inputMessage(text)),
    finish: () => give(endOfInputMessage()),
  };
}

/** The words of a command are told apart by spaces; what else a shell reads, a shell is to be run for. */
function execPath(target: ObjectName, { container, line }: Command): string {
  const query = new URLSearchParams({ container, stdin: 'true', stdout: 'true', stderr: 'true' });
  for (const word of line.split(/\s+/).filter(Boolean)) query.append('command', word);
  return `${objectPath(target)}/exec?${query}`;
}
