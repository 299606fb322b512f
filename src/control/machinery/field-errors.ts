/** What is wrong with a field: Kubernetes' field error types, which are also the reasons of a Status' causes. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

/** One field that a validation refuses. */
export interface FieldError {
  readonly type: FieldErrorType;
  /** As `spec.containers[0].name` or `metadata.labels[a/b]`. */
  readonly field: string;
  /** What the client reads, without the field: `Required value: name is required`. */
  readonly message: string;
}
