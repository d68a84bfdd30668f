import { DEATH_SIGNALS, INITS, ORPHANS, SUBREAPERS } from '../support/kernel-tables';
import { itSees } from '../support/it-sees';

describe('the orphan that comes to a subreaper', () => {
  itSees(ORPHANS);
});

describe('a subreaper', () => {
  itSees(SUBREAPERS);
});

describe('PR_SET_PDEATHSIG', () => {
  itSees(DEATH_SIGNALS);
});

describe('the init of a pid namespace', () => {
  itSees(INITS);
});
