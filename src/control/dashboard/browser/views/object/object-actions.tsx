import { useState } from 'preact/hooks';
import type { ApiObject } from '../../../model/api-object.js';
import type { ObjectName } from '../../../model/page-route.js';
import { cordon, remove, restart, scale, suspend } from '../../actions.js';
import { ActionDialog } from '../../components/dialog.js';
import { useSession } from '../../hooks.js';

const restartable: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);
const scalable: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'ReplicationController',
]);

interface ActionProps {
  readonly target: ObjectName;
  readonly object: ApiObject;
  readonly onClose: () => void;
}

/** What can be done with an object, a button each. Nothing is done before it is confirmed. */
export function ObjectActions({ target, object }: Omit<ActionProps, 'onClose'>) {
  const [open, setOpen] = useState('');
  const { kinds } = useSession();
  const served = kinds?.find(
    ({ group, resource }) => group === target.group && resource === target.resource,
  );
  const { kind = '', spec = {} } = object;
  const isScalable = scalable.has(kind) || served?.subresources.includes('scale') === true;
  const names = [
    ...(isScalable ? ['Scale'] : []),
    ...(restartable.has(kind) ? ['Restart'] : []),
    ...(kind === 'CronJob' || kind === 'Job' ? [spec.suspend === true ? 'Resume' : 'Suspend'] : []),
    ...(kind === 'Node' ? [spec.unschedulable === true ? 'Uncordon' : 'Cordon'] : []),
    'Delete',
  ];
  const props = { target, object, onClose: () => setOpen('') };
  return (
    <div class="actions">
      {names.map((name) => (
        <button
          key={name}
          type="button"
          class={name === 'Delete' ? 'danger' : ''}
          onClick={() => setOpen(name)}
        >
          {name}
        </button>
      ))}
      {open === 'Scale' && <ScaleDialog {...props} />}
      {open === 'Delete' && <DeleteDialog {...props} />}
      {open !== '' && open !== 'Scale' && open !== 'Delete' && (
        <SimpleDialog name={open} {...props} />
      )}
    </div>
  );
}

function ScaleDialog({ target, object, onClose }: ActionProps) {
  const { api } = useSession();
  const [replicas, setReplicas] = useState(String(object.spec?.replicas ?? 1));
  return (
    <ActionDialog
      title={`Scale ${target.name}`}
      action="Scale"
      perform={() => scale(api, target, Number(replicas))}
      onClose={onClose}
    >
      <label>
        Replicas{' '}
        <input
          type="number"
          min="0"
          step="1"
          required
          value={replicas}
          onInput={(event) => setReplicas(event.currentTarget.value)}
        />
      </label>
    </ActionDialog>
  );
}

/** The name must be typed where much would go with the object. */
function DeleteDialog({ target, object, onClose }: ActionProps) {
  const { api } = useSession();
  const [typed, setTyped] = useState('');
  const isGrave = object.kind === 'Namespace' || object.kind === 'CustomResourceDefinition';
  return (
    <ActionDialog
      title={`Delete ${target.resource} ${target.name}?`}
      action="Delete"
      isDangerous
      perform={async () => {
        if (isGrave && typed !== target.name)
          throw new Error('the name that was typed is another one');
        await remove(api, target, object.metadata.uid ?? '');
      }}
      onClose={onClose}
    >
      <p>What belongs to it goes, too.</p>
      {isGrave && (
        <label>
          Type its name to confirm{' '}
          <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
      )}
    </ActionDialog>
  );
}

const explanations: Readonly<Record<string, string>> = {
  Restart: 'Its pods are replaced, as its strategy says.',
  Suspend: 'Nothing new is started; what runs of a suspended Job is stopped.',
  Resume: 'It goes on as its specification says.',
  Cordon: 'No more pods are placed on the node; those on it stay.',
  Uncordon: 'Pods may be placed on the node again.',
};

function SimpleDialog({ name, target, onClose }: ActionProps & { readonly name: string }) {
  const { api } = useSession();
  const perform = () => {
    switch (name) {
      case 'Restart':
        return restart(api, target, Date.now());
      case 'Suspend':
      case 'Resume':
        return suspend(api, target, name === 'Suspend');
      default:
        return cordon(api, target, name === 'Cordon');
    }
  };
  return (
    <ActionDialog
      title={`${name} ${target.name}?`}
      action={name}
      perform={perform}
      onClose={onClose}
    >
      <p>{explanations[name]}</p>
    </ActionDialog>
  );
}
