import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api.js';
import { Problem } from './problem.js';

/**
 * Asks before something is done, and does it when told to. Stays open with the reason when that fails. Escape and Cancel change
 * nothing.
 */
export function ActionDialog(props: {
  readonly title: string;
  /** What the button that does it says. */
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly perform: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}) {
  const { title, action, isDangerous = false, perform, onClose } = props;
  const element = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => element.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await perform();
      onClose();
    } catch (error) {
      setProblem(asApiError(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} onClose={onClose} aria-labelledby="dialog-title">
      <form method="dialog" onSubmit={submit}>
        <h2 id="dialog-title">{title}</h2>
        {props.children}
        <Problem problem={problem} />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={isBusy}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
