import { BLOCKED, DISPOSITIONS, NONBLOCKING, THEFT, WAITS } from '../support/kernel-tables';
import { itSees } from '../support/it-sees';

describe('waitid(2)', () => {
  itSees(WAITS);
});

describe('waitid(P_PIDFD) on a non-blocking pidfd', () => {
  itSees(NONBLOCKING);
});

describe('a wait that is blocked', () => {
  itSees(BLOCKED);
});

describe('a waitpid(-1) of somebody else', () => {
  itSees(THEFT);
});

describe('a child that dies', () => {
  itSees(DISPOSITIONS);
});
