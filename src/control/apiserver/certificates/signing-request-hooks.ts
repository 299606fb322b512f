import type { CertificateSigningRequest } from '../../api/gen/certificates-v1.js';
import { cloneJson } from '../../machinery/clone.js';
import type { KubeObject } from '../../machinery/object.js';
import type { RequestContext } from '../contracts.js';

/**
 * What the registry does around a CertificateSigningRequest: who asks is written into it by the server, whatever the client says, since
 * approvers decide by it, and is never changed; and a new request has no status.
 */
export const signingRequestHooks = {
  async beginCreate(object: KubeObject, { user }: RequestContext): Promise<null> {
    const request: CertificateSigningRequest = object;
    const { username: _u, uid: _i, groups: _g, extra: _e, ...asked } = request.spec ?? {};
    const extra = Object.fromEntries(
      Object.entries(user.extra).map(([key, values]): [string, string[]] => [key, [...values]]),
    );
    request.spec = {
      ...asked,
      username: user.name,
      ...(user.uid !== '' && { uid: user.uid }),
      ...(user.groups.length > 0 && { groups: [...user.groups] }),
      ...(Object.keys(extra).length > 0 && { extra }),
    };
    request.status = {};
    return null;
  },

  /** The object itself changes in its metadata alone; approval and status have subresources of their own. */
  async beginUpdate(object: KubeObject, old: KubeObject, { info }: RequestContext): Promise<null> {
    const request: CertificateSigningRequest = object;
    const before = cloneJson<CertificateSigningRequest>(old);
    if (before.spec === undefined) delete request.spec;
    else request.spec = before.spec;
    if (info.subresource !== '') return null;
    if (before.status === undefined) delete request.status;
    else request.status = before.status;
    return null;
  },
};
