import { describePair } from './suite';

jest.setTimeout(240_000);

describePair({ engine: 'mariadb', from: '10.11', to: '11.8', recipes: ['physical', 'logical'], zeroDates: true });
