import { describeFaults } from './fault-list';

describeFaults({ engine: 'mysql', version: '5.6' });
