import type { HeaderField } from './hpack/field.js';

/** What a header list of a response says: one that begins it, or trailers, or both in one. */
export interface ResponseHead {
  /** Empty in trailers. */
  readonly httpStatus: string;
  readonly isGrpc: boolean;
  /** The `grpc-status`, or null. */
  readonly status: string | null;
  readonly statusMessage: string;
  /** HTTP allows such fields (RFC 9113 section 8.2). */
  readonly isWellFormed: boolean;
}

/** Reads a header list. */
export function readResponseHead(fields: readonly HeaderField[]): ResponseHead {
  let httpStatus = '';
  let isGrpc = false;
  let status: string | null = null;
  let statusMessage = '';
  for (const { name, value } of fields) {
    if (name === ':status') httpStatus = value;
    else if (name === 'content-type') isGrpc = value.startsWith('application/grpc');
    else if (name === 'grpc-status') status = value;
    else if (name === 'grpc-message') statusMessage = value;
  }
  const isWellFormed = fields.every((field) => field.isWellFormed);
  return { httpStatus, isGrpc, status, statusMessage, isWellFormed };
}
