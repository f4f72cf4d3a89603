import { describePair } from './suite';

jest.setTimeout(240_000);

describePair({ engine: 'mysql', from: '5.6', to: '8.0' });
