/** The Common Expression Language as Kubernetes' API has it: parsed by a library, checked and evaluated here. */
export {
  type AdmissionTypes,
  admissionVariables,
  authorizerSignatures,
} from './admission-types.js';
export { type CelEnvironment, environmentOf } from './environment.js';
export { escapedName } from './escaped-name.js';
export type { Activation, CostBudget } from './evaluate.js';
export { SemverValue } from './kubernetes-library.js';
export { CompileError, compile, type Program, problemText } from './program.js';
export { type SchemaTypeOptions, schemaType } from './schema-type.js';
export { bool, type CelType, dyn, int, listOf, mapOf, named, string } from './types.js';
export { CelError, type CelMap, type CelValue } from './values.js';
