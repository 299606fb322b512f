import { type Api, ApiError } from './api.js';

/** Whom the server takes the token's owner for. Throws {@link ApiError}, 401 when it knows no such token. */
export async function whoAmI(api: Api): Promise<string> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const answer = await api.json<{
    readonly status?: { readonly userInfo?: { readonly username?: string } };
  }>(path, { method: 'POST', body: review });
  const name = answer.status?.userInfo?.username ?? '';
  if (name === '' || name === 'system:anonymous') {
    throw new ApiError(401, 'Unauthorized', 'the server does not know this token');
  }
  return name;
}
