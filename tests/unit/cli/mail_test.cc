// The mailbox of the demo, and who sends to it.
#include "controlplane/cli/demo/mail.h"

#include <doctest/doctest.h>

using namespace offtake;
using namespace offtake::cli::demo;

TEST_CASE("a mail comes as it was sent, lines of a point included") {
  auto box = Mailbox::open();
  REQUIRE(box.ok());
  const Mail mail = {"shop@a.example", "ann@b.example", confirmation_id(7), "Paid",
                     "Dear Ann,\n.\n..two\nbye\n"};
  REQUIRE(send_mail((*box)->port(), mail).ok());
  REQUIRE(send_mail((*box)->port(), mail).ok());
  CHECK((*box)->ids() == std::map<std::string, int>{{"payment-7@shop.example", 2}});
  const auto newest = (*box)->newest(5);
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].from == mail.from);
  CHECK(newest[0].to == mail.to);
  CHECK(newest[0].id == mail.id);
  CHECK(newest[0].subject == mail.subject);
  CHECK(newest[0].text == mail.text);
}

TEST_CASE("a mailbox that is gone takes no mail") {
  int port = 0;
  {
    auto box = Mailbox::open();
    REQUIRE(box.ok());
    port = (*box)->port();
  }
  const auto sent = send_mail(port, {"a@x", "b@x", "1", "s", "t"});
  REQUIRE(!sent.ok());
  CHECK(sent.error().code == "MailNotSent");
  CHECK(sent.error().retry == base::Retry::kTransient);
}
