/**
 * What an `auth` command asks for: this number as one byte, then the request's protobuf bytes (of `grantToken` our own
 * AuthTokenGrant, proto/flotilla).
 */
export const AuthOp = {
  enable: 1,
  disable: 2,
  userAdd: 3,
  userDelete: 4,
  userChangePassword: 5,
  userGrantRole: 6,
  userRevokeRole: 7,
  roleAdd: 8,
  roleDelete: 9,
  roleGrantPermission: 10,
  roleRevokePermission: 11,
  /** A user has logged in. Every member takes note of the token. */
  grantToken: 12,
} as const;
export type AuthOp = (typeof AuthOp)[keyof typeof AuthOp];

/** The payload of an `auth` command. */
export function encodeAuthOp(op: AuthOp, request: Uint8Array): Uint8Array {
  const payload = new Uint8Array(1 + request.length);
  payload[0] = op;
  payload.set(request, 1);
  return payload;
}
