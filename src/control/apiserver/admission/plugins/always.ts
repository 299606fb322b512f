import { definePlugin } from '../plugin.js';
import { refusal } from '../refusal.js';

const everything = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

/** Agrees to everything. */
export const alwaysAdmit = definePlugin('AlwaysAdmit', everything, {});

/** Agrees to nothing. */
export const alwaysDeny = definePlugin('AlwaysDeny', everything, {
  mutate(request) {
    throw refusal(request, 'admission control is denying all modifications');
  },
  validate(request) {
    throw refusal(request, 'admission control is denying all modifications');
  },
});
