import { describePair } from './suite';

jest.setTimeout(240_000);

describePair({ engine: 'mysql', from: '5.5', to: '5.6' });
