import { AUTOKILL, AUTOKILL_CHILD, AUTOKILL_HOLDER } from '../support/kernel-tables';
import { itSees } from '../support/it-sees';

describe('a child created with CLONE_PIDFD_AUTOKILL', () => {
  itSees(AUTOKILL_CHILD);
});

describe('the holder of an AUTOKILL descriptor', () => {
  itSees(AUTOKILL_HOLDER);
});

describe('CLONE_PIDFD_AUTOKILL', () => {
  itSees(AUTOKILL);
});
