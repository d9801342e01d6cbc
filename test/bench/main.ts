import { benchJudge } from './judge.ts';
import { benchKayenta } from './kayenta.ts';
import { benchService } from './service.ts';

benchJudge();
benchKayenta();
await benchService();
