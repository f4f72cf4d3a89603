import { describePair } from './suite';

jest.setTimeout(240_000);

describePair({ engine: 'mysql', from: '8.0', to: '9.7', recipes: ['logical'] });
