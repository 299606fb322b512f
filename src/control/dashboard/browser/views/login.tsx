import { useState } from 'preact/hooks';
import { Api, type ApiError, asApiError } from '../api.js';
import { Problem } from '../components/problem.js';
import { whoAmI } from '../who-am-i.js';

/** Asks for a token, and whose it is; `onLogin` is told once the server knows it. */
export function Login(props: {
  /** Why nobody is logged in any more; '' when nobody was. */
  readonly notice: string;
  readonly onLogin: (token: string, userName: string) => void;
}) {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const given = token.trim();
    setBusy(true);
    try {
      props.onLogin(given, await whoAmI(new Api(given, () => {})));
    } catch (error) {
      setProblem(asApiError(error));
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>Flotilla</h1>
        {props.notice !== '' && <p role="status">{props.notice}</p>}
        <label for="token">Bearer token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <Problem problem={problem} />
        <button type="submit" class="primary" disabled={isBusy}>
          Log in
        </button>
        <p class="hint">
          A service account's token does: <code>kubectl create token NAME</code>. It stays in this
          tab, and allows what it allows everywhere else.
        </p>
      </form>
    </main>
  );
}
