/** A file that the page is made of. */
export interface PageFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** Names this content, quoted. */
  readonly etag: string;
  /** Of the document alone. */
  readonly policy: string | null;
}

/** Where the files of the page are served. */
export const pageRoot = '/dashboard';
