/** Servers besides the API server that let it say who asks, and who may: TokenReview and SubjectAccessReview, remembered for a while. */
export { AccessReviews, type AccessReviewTimes } from './access-reviews.js';
export {
  authenticateRequest,
  type CertificateReader,
  type RequestAuthenticationOptions,
  type TokenReader,
} from './request-authentication.js';
export { type AccessAttributes, anonymousUser, type RequestUser } from './request-user.js';
export { TokenReviews, type TokenReviewTimes } from './token-reviews.js';
