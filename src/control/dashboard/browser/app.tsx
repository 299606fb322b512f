import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { servedKinds } from '../model/discovery.js';
import { Api, type ApiError, asApiError } from './api.js';
import { Problem } from './components/problem.js';
import { SessionContext, useLoaded, useRoute } from './hooks.js';
import { pause } from './live-list.js';
import { Menu } from './menu.js';
import { Place } from './place.js';
import {
  forgetToken,
  storedNamespace,
  storedToken,
  storeNamespace,
  storeToken,
} from './session.js';
import { TopBar } from './top-bar.js';
import { Login } from './views/login.js';
import { whoAmI } from './who-am-i.js';

const tokenEnded = 'The token is not valid any more.';
/** Milliseconds before a server that was not reached is asked again. */
const retryMs = 1000;

/** The page: a login, and everything else for who is logged in. */
export function App() {
  const [token, setToken] = useState(storedToken);
  const [userName, setUserName] = useState('');
  const [notice, setNotice] = useState('');
  const leave = useCallback((why: string) => {
    forgetToken();
    setToken('');
    setUserName('');
    setNotice(why);
  }, []);
  const api = useMemo(
    () => (token === '' ? null : new Api(token, () => leave(tokenEnded))),
    [token, leave],
  );
  useEffect(() => {
    if (api === null || userName !== '') return;
    const stop = new AbortController();
    void recognise(api, stop.signal).then((outcome) => {
      if (stop.signal.aborted) return;
      if (typeof outcome === 'string') setUserName(outcome);
      else leave(outcome.code === 401 ? tokenEnded : outcome.message);
    });
    return () => stop.abort();
  }, [api, userName, leave]);
  if (api === null) {
    const onLogin = (given: string, name: string) => {
      storeToken(given);
      setUserName(name);
      setNotice('');
      setToken(given);
    };
    return <Login notice={notice} onLogin={onLogin} />;
  }
  if (userName === '') return <p class="empty">Logging in…</p>;
  return <Inside api={api} userName={userName} onLeave={() => leave('')} />;
}

/** Whose token it is that was kept over a reload, or why it is nobody's. A server that is not reached is asked again. */
async function recognise(api: Api, signal: AbortSignal): Promise<string | ApiError> {
  for (;;) {
    try {
      return await whoAmI(api);
    } catch (error) {
      const problem = asApiError(error);
      if (problem.code === 401 || problem.code === 403 || signal.aborted) return problem;
      await pause(retryMs, signal);
    }
  }
}

function Inside(props: {
  readonly api: Api;
  readonly userName: string;
  readonly onLeave: () => void;
}) {
  const { api, userName, onLeave } = props;
  const [namespace, setNamespace] = useState(storedNamespace);
  const discovery = useLoaded('discovery', (signal) => readKinds(api, signal));
  const route = useRoute();
  const { value: kinds } = discovery;
  const session = useMemo(
    () => ({ api, userName, kinds, namespace }),
    [api, userName, kinds, namespace],
  );
  const onNamespace = (chosen: string) => {
    storeNamespace(chosen);
    setNamespace(chosen);
  };
  return (
    <SessionContext.Provider value={session}>
      <button type="button" class="skip" onClick={focusMain}>
        Skip to content
      </button>
      <TopBar onNamespace={onNamespace} onLeave={onLeave} />
      <div class="columns">
        <Menu route={route} />
        <main id="main" tabIndex={-1}>
          <Problem problem={discovery.problem} />
          <Place route={route} />
        </main>
      </div>
    </SessionContext.Provider>
  );
}

/** For those who do not want to pass the menu first. */
function focusMain(): void {
  document.getElementById('main')?.focus();
}

async function readKinds(api: Api, signal: AbortSignal) {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const roots = ['/api', '/apis'].map((root) => api.json(root, { accept, signal }));
  return (await Promise.all(roots)).flatMap(servedKinds);
}
