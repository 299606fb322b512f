import type { Pod } from '../../api/gen/core-v1.js';
import { badRequest } from '../../machinery/status-errors.js';

/** The container that a request means: the one that it names, or the only one. Throws 400 as Kubernetes words it. */
export function chooseContainer({ metadata, spec }: Pod, wanted: string): string {
  const { name: pod = '' } = metadata;
  const names = (list: readonly { readonly name?: string }[] = []) =>
    list.map(({ name = '' }) => name);
  const containers = names(spec?.containers);
  const initContainers = names(spec?.initContainers);
  const ephemeralContainers = names(spec?.ephemeralContainers);
  if (wanted !== '') {
    if ([containers, initContainers, ephemeralContainers].some((list) => list.includes(wanted)))
      return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod}`);
  }
  const [only] = containers;
  if (only === undefined) throw badRequest(`a container name must be specified for pod ${pod}`);
  if (containers.length === 1) return only;
  let text = `a container name must be specified for pod ${pod}, choose one of: [${containers.join(' ')}]`;
  if (initContainers.length > 0)
    text += ` or one of the init containers: [${initContainers.join(' ')}]`;
  if (ephemeralContainers.length > 0)
    text += ` or one of the ephemeral containers: [${ephemeralContainers.join(' ')}]`;
  throw badRequest(text);
}
