// Starts the npm package telegram-test-api, a Bot API server that is not ours, on the given port.
// Mended here: it says no is_bot, gives dates in milliseconds, gives back parameters as the texts as which they came,
// and does not know getWebhookInfo and sendChatAction.
'use strict';

const { botRoutes } = require('telegram-test-api/lib/routes/bot/index.js');

const answering = (method, result) => (app) =>
  app.all(`/bot:token/${method}`, (_request, response) => response.json({ ok: true, result }));

botRoutes.unshift(
  answering('getMe', { id: 4242, is_bot: true, first_name: 'Fern & Forge', username: 'FernForgeBot' }),
  answering('getWebhookInfo', { url: '', has_custom_certificate: false, pending_update_count: 0 }),
  answering('sendChatAction', true),
);

const TelegramServer = require('telegram-test-api');

class Mended extends TelegramServer {
  addBotMessage(...given) {
    const message = super.addBotMessage(...given);
    return { ...message, date: Math.floor(message.date / 1000), link_preview_options: undefined };
  }
}

const server = new Mended({ host: '127.0.0.1', port: Number(process.argv[2]) });
server.start().then(() => console.log('ready'));
