# Messages to leads, and the page that ends them. One message a line; the four catalogues hold the same messages with the same places.
sms-unsubscribe = No more: { $link }
mail-unsubscribe = You get this because you contacted { $organization }. No more e-mails:
unsubscribe-heading = No more messages from { $organization }?
unsubscribe-text = You will get no more automatic messages from { $organization } at this number or address. If you are waiting for an answer, they can still call you.
unsubscribe-button = Stop the messages
unsubscribed-heading = Done
unsubscribed-text = { $organization } will send you no more automatic messages. You can close this page.
test-subject = A test message
test-text = This is a test message from { $organization }. It arrived.
